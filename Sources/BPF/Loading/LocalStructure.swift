/// A structure in the BTF that each program here is loaded with; `bpf_obj_new` and its kin take its number.
///
/// The raw value is the id of the type, in every such BTF: a program names a structure by `r1 = 3`, and nothing is put in
/// on the way to the kernel.
///
/// - Source: `kernel/bpf/verifier.c`, `check_kfunc_call` (`KF_bpf_obj_new_impl`)
public enum LocalStructure: Int32, Hashable, Sendable, CaseIterable {
    /// Two words of 8 bytes and no special field; also what the kptrs of ``MapKind/kptrArray`` and
    /// ``MapKind/percpuKptrArray`` point to.
    case plain = 3
    /// A word of 8 bytes and a `struct bpf_refcount`, for `bpf_refcount_acquire_impl`.
    case counted = 6
}
