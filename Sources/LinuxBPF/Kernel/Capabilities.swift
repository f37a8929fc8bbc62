import CLibbpf
import Glibc

/// Capabilities of the calling thread.
///
/// - Source: `include/uapi/linux/capability.h`
struct Capabilities: OptionSet, Hashable, Sendable {
    var rawValue: UInt64

    static let netAdmin = Capabilities(rawValue: 1 << UInt64(CAP_NET_ADMIN))
    static let sysAdmin = Capabilities(rawValue: 1 << UInt64(CAP_SYS_ADMIN))
    static let syslog = Capabilities(rawValue: 1 << UInt64(CAP_SYSLOG))
    static let perfmon = Capabilities(rawValue: 1 << UInt64(CAP_PERFMON))
    static let bpf = Capabilities(rawValue: 1 << UInt64(CAP_BPF))

    /// The effective capabilities of the calling thread.
    static var effective: Capabilities {
        var state = ThreadState()
        return state.read() ? state.effective : []
    }

    /// Runs `body` with only these effective capabilities, and then restores the previous ones.
    ///
    /// Only the calling thread is changed. It does not get capabilities that it is not permitted.
    ///
    /// - Throws: ``KernelError`` if the kernel refuses the change, or the way back
    func whileAlone<Result: ~Copyable>(_ body: () -> Result) throws(KernelError) -> Result {
        var state = ThreadState()
        if !state.read() { throw KernelError(.privilege, code: errno) }
        let before = state.effective
        state.effective = intersection(state.permitted)
        if !state.write() { throw KernelError(.privilege, code: errno) }
        let result = body()
        state.effective = before
        if !state.write() { throw KernelError(.privilege, code: errno) }
        return result
    }

    /// The argument of `capget` and `capset`: two halves of 32 capabilities each.
    private struct ThreadState {
        var header = __user_cap_header_struct(version: UInt32(_LINUX_CAPABILITY_VERSION_3), pid: 0)
        var halves = [__user_cap_data_struct](repeating: __user_cap_data_struct(), count: 2)

        var permitted: Capabilities {
            Capabilities(rawValue: UInt64(halves[0].permitted) | UInt64(halves[1].permitted) << 32)
        }

        var effective: Capabilities {
            get { Capabilities(rawValue: UInt64(halves[0].effective) | UInt64(halves[1].effective) << 32) }
            set {
                halves[0].effective = UInt32(truncatingIfNeeded: newValue.rawValue)
                halves[1].effective = UInt32(truncatingIfNeeded: newValue.rawValue >> 32)
            }
        }

        mutating func read() -> Bool { unsafe capget(&header, &halves) == 0 }
        mutating func write() -> Bool { unsafe capset(&header, halves) == 0 }
    }
}
