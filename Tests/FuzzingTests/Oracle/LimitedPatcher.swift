import BPF
import Patching

@testable import Fuzzing

/// A correct patcher with fewer declared capabilities. It corrupts the parts of its results that it does not declare.
final class LimitedPatcher: ForeignPatcher {
    let name: String
    let capabilities: PatcherCapabilities
    var violation: PatcherViolation?
    let kernel: KernelFunctions?
    /// The number of passes that it ran.
    private(set) var given = 0
    /// Called with every pass that it runs.
    var watch: (PassImage, ProgramImage<InputIndex>) -> Void = { _, _ in }
    /// Changes the status of a pass.
    var answer: (PatchStatus) -> PatchStatus = { $0 }
    private let inner = RangeReplace()

    init(_ capabilities: PatcherCapabilities, name: String = "limited", kernel: KernelFunctions? = nil) {
        self.name = name
        self.capabilities = capabilities
        self.kernel = kernel
    }

    func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus {
        given += 1
        watch(pass, input)
        let status = inner.apply(pass, to: input, into: output)
        if status == .accepted {
            let image = output.image(as: OutputIndex.self)
            if !capabilities.contains(.aux) { unsafe image.aux[OutputIndex(0)] &+= 1 }
            if !capabilities.contains(.subprograms) { unsafe image.subprograms[TableIndex(0)].id &+= 1 }
            if !capabilities.contains(.lines) { output.lineCount = max(output.lineCount - 1, 0) }
        }
        return answer(status)
    }

    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer, clock: () -> Double
    ) -> (status: PatchStatus, seconds: Double) {
        (apply(pass, to: input, into: output), 0)
    }
}
