import BPF

/// A program with all other arguments of `BPF_PROG_LOAD`.
///
/// Maps, kernel functions and an attach target are names here. Loading replaces them by descriptors and BTF ids:
///
/// | instruction | `imm` here |
/// |---|---|
/// | `ld_imm64` with `src_reg` 5 or 6 (`BPF_PSEUDO_MAP_IDX`, `BPF_PSEUDO_MAP_IDX_VALUE`) | the number of a ``MapKind`` |
/// | call with `src_reg` 2 (`BPF_PSEUDO_KFUNC_CALL`) | an index into ``kernelFunctions`` |
/// | `r1 = imm` before a call of `bpf_obj_new_impl` or `bpf_percpu_obj_new_impl` | the number of a ``LocalStructure``, which is its BTF id |
/// | `ld_imm64` with `src_reg` 0, or a helper call | unchanged |
///
/// - Shape: the id of a subprogram or line is its index, from 0; aux words are ignored
/// - Source: `include/uapi/linux/bpf.h`, `union bpf_attr`
public struct LoadableProgram: Hashable, Sendable {
    public var program: Program
    public var type: ProgramType
    /// `expected_attach_type`; 0 for a type without one.
    public var attachType: UInt32
    /// The kernel function that a tracing program attaches to.
    public var attachTarget: String?
    public var flags: LoadFlags
    public var privilege: LoadPrivilege
    /// The names of the called kernel functions.
    public var kernelFunctions: [String]

    public init(
        program: Program, type: ProgramType = .socketFilter, attachType: UInt32 = 0, attachTarget: String? = nil,
        flags: LoadFlags = [], privilege: LoadPrivilege = .all, kernelFunctions: [String] = []
    ) {
        self.program = program
        self.type = type
        self.attachType = attachType
        self.attachTarget = attachTarget
        self.flags = flags
        self.privilege = privilege
        self.kernelFunctions = kernelFunctions
    }
}
