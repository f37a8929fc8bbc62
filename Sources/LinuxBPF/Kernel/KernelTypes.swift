import CLibbpf
import Glibc

/// The ids of functions in the kernel's own BTF. Each is looked up once.
@safe
struct KernelTypes: ~Copyable {
    private var types: OpaquePointer?
    private var isRead = false
    private var known: [String: UInt32] = [:]

    init() { unsafe types = nil }

    deinit { unsafe btf__free(types) }

    /// True if the kernel has BTF, which is read on first use.
    ///
    /// - Complexity: O(types) the first time, some milliseconds
    var isThere: Bool {
        mutating get {
            if !isRead { unsafe types = LibbpfLog.capturing { unsafe btf__load_vmlinux_btf() } }
            isRead = true
            return unsafe types != nil
        }
    }

    /// The BTF of the kernel; `nil` if there is none.
    @unsafe var readTypes: OpaquePointer? {
        mutating get { unsafe isThere ? types : nil }
    }

    /// The id of a function, or `nil` if the kernel has none of that name.
    mutating func function(_ name: String) -> UInt32? { identifier(name, Kind.function) }

    /// The name of the function with an id, or `nil` if there is none.
    mutating func name(ofFunction id: UInt32) -> String? {
        guard isThere, let type = unsafe btf__type_by_id(types, id),
            let name = unsafe btf__name_by_offset(types, type.pointee.name_off)
        else { return nil }
        return unsafe String(cString: name)
    }

    /// The id of the target of a tracing program, for an attach type.
    ///
    /// - Source: libbpf 1.1, `libbpf.c`, `btf_get_kernel_prefix_kind`
    mutating func attachTarget(_ name: String, attachType: UInt32) -> UInt32? {
        switch attachType {
        case BPF_TRACE_RAW_TP.rawValue: identifier("btf_trace_" + name, Kind.typedef)
        case BPF_LSM_MAC.rawValue, BPF_LSM_CGROUP.rawValue: function("bpf_lsm_" + name)
        case BPF_TRACE_ITER.rawValue: function("bpf_iter_" + name)
        default: function(name)
        }
    }

    private mutating func identifier(_ name: String, _ kind: UInt32) -> UInt32? {
        // Names of types and of functions differ by a prefix.
        if let id = known[name] { return id == 0 ? nil : id }
        let found = isThere ? unsafe btf__find_by_name_kind(types, name, kind) : -ENOENT
        known[name] = UInt32(max(found, 0))
        return found > 0 ? UInt32(found) : nil
    }

    /// Kinds of types, which the header defines both in an enumeration and as macros.
    ///
    /// - Source: `include/uapi/linux/btf.h`
    private enum Kind {
        static let typedef: UInt32 = 8
        static let function: UInt32 = 12
    }
}
