/// A structure in the BTF that every program is loaded with, for `bpf_obj_new` and similar kfuncs.
///
/// The raw value is the id of the type. It is the same in each of these BTFs, so loading leaves `r1 = 3` unchanged.
///
/// - Source: `kernel/bpf/verifier.c`, `check_kfunc_call` (`KF_bpf_obj_new_impl`)
public enum LocalStructure: Int32, Hashable, Sendable, CaseIterable {
    /// Two words of 8 bytes without a special field; kptrs of ``MapKind/kptrArray`` and ``MapKind/percpuKptrArray``
    /// point to it.
    case plain = 3
    /// A word of 8 bytes and a `struct bpf_refcount`, the argument of `bpf_refcount_acquire_impl`.
    case counted = 6
    /// A word of 8 bytes and, at byte 8, a `struct bpf_list_node`.
    case listItem = 9
    /// A word of 8 bytes and, at byte 8, a `struct bpf_rb_node`.
    case treeItem = 12

    /// - Units: bytes
    package var size: UInt32 {
        switch self {
        case .plain, .counted: 16
        case .listItem: 32
        case .treeItem: 40
        }
    }

    /// The offset of the node in ``listItem`` and ``treeItem``.
    ///
    /// - Units: bytes
    package static let nodeOffset: UInt32 = 8
}
