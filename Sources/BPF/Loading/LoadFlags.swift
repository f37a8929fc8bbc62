/// `prog_flags` of `BPF_PROG_LOAD`.
///
/// - Source: `include/uapi/linux/bpf.h`
public struct LoadFlags: OptionSet, Hashable, Sendable, Codable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `BPF_F_STRICT_ALIGNMENT`
    public static let strictAlignment = LoadFlags(rawValue: 1 << 0)
    /// `BPF_F_TEST_RND_HI32`: upper halves that nobody reads are filled at random.
    public static let testRndHi32 = LoadFlags(rawValue: 1 << 2)
    /// `BPF_F_TEST_STATE_FREQ`
    public static let testStateFreq = LoadFlags(rawValue: 1 << 3)
    /// `BPF_F_SLEEPABLE`
    public static let sleepable = LoadFlags(rawValue: 1 << 4)
}

/// With which capabilities a program is loaded; the verifier hardens what less trusted ones load.
///
/// - Source: `kernel/bpf/verifier.c`, `bpf_check`: `bypass_spec_v1`, `bypass_spec_v4`, `allow_ptr_leaks`
public enum LoadPrivilege: String, Hashable, Sendable, Codable, CaseIterable {
    /// Whatever the process has.
    case all
    /// `CAP_BPF`, `CAP_NET_ADMIN` and `CAP_SYSLOG`, which lets addresses be seen, but neither `CAP_PERFMON` nor `CAP_SYS_ADMIN`.
    case bpf
}
