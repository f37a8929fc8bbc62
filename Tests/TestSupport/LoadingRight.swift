import LinuxBPF

/// The right of this process to load programs into the running kernel.
package enum LoadingRight {
    /// The reason why no program can be loaded; empty if one can.
    package static let reason: String = {
        do throws(KernelError) {
            _ = try RunningKernel()
            return ""
        } catch {
            return error.description
        }
    }()
    package static var isThere: Bool { reason.isEmpty }
}
