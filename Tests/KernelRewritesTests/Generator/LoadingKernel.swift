import LinuxBPF

/// Whether programs can be loaded here.
enum LoadingKernel {
    /// Why no program can be loaded here; empty if one can.
    static let reason: String = {
        do throws(KernelError) {
            _ = try RunningKernel()
            return ""
        } catch {
            return error.description
        }
    }()
}
