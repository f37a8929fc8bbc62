import BPF

@testable import LinuxBPF

/// Whether programs may be loaded here, and if not, why.
enum LoadingRight {
    static let reason: String = {
        do throws(KernelError) {
            _ = try RunningKernel()
            return ""
        } catch {
            return error.description
        }
    }()
    static var isThere: Bool { reason.isEmpty }
}

extension RunningKernel {
    /// Loads a program that must be accepted, and reads it back.
    ///
    /// - Throws: the refusal
    func result(of program: LoadableProgram) throws -> Program {
        switch load(program) {
        case .loaded(let loaded): return try read(loaded)
        case .refused(let refusal): throw refusal
        }
    }
}
