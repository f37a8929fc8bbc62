import LinuxBPF

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
