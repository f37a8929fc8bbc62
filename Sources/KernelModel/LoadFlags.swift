/// `prog_flags` of `BPF_PROG_LOAD`.
///
/// - Source: `include/uapi/linux/bpf.h`
public struct LoadFlags: OptionSet, Hashable, Sendable, Codable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `BPF_F_TEST_RND_HI32`: the kernel fills unused upper halves of registers with random numbers.
    public static let testRndHi32 = LoadFlags(rawValue: 1 << 2)
    /// `BPF_F_SLEEPABLE`
    public static let sleepable = LoadFlags(rawValue: 1 << 4)
}

/// The capabilities of the process that loads a program. The verifier hardens programs of less privileged processes.
///
/// - Source: `kernel/bpf/verifier.c`, `bpf_check`: `bypass_spec_v1`, `bypass_spec_v4`, `allow_ptr_leaks`
public enum LoadPrivilege: String, Hashable, Sendable, Codable, CaseIterable {
    /// All capabilities of the process.
    case all
    /// `CAP_BPF`, `CAP_NET_ADMIN` and `CAP_SYSLOG` (to see addresses), but neither `CAP_PERFMON` nor `CAP_SYS_ADMIN`.
    case bpf
}
