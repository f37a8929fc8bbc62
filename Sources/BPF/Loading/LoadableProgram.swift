/// A program as `BPF_PROG_LOAD` takes it, with all that it needs of the kernel by name.
///
/// Maps, kernel functions and an attach target are named here and become descriptors and BTF ids on the way to the kernel:
///
/// | instruction | `imm` here |
/// |---|---|
/// | `ld_imm64` with `src_reg` 5 or 6 (`BPF_PSEUDO_MAP_IDX`, `BPF_PSEUDO_MAP_IDX_VALUE`) | the number of a ``MapKind`` |
/// | call with `src_reg` 2 (`BPF_PSEUDO_KFUNC_CALL`) | an index into ``kernelFunctions`` |
/// | `r1 = imm` before a call of `bpf_obj_new_impl` or `bpf_percpu_obj_new_impl` | the number of a ``LocalStructure``, which is its BTF id |
/// | `ld_imm64` with `src_reg` 0, or a helper call | what the kernel takes |
///
/// - Shape: a subprogram's id is its number, from 0; a line's id its number, from 0; aux words are not looked at
/// - Source: `include/uapi/linux/bpf.h`, `union bpf_attr`
public struct LoadableProgram: Hashable, Sendable {
    public var program: Program
    public var type: ProgramType
    /// `expected_attach_type`; 0 where the type asks for none.
    public var attachType: UInt32
    /// The kernel function whose BTF id a tracing program is loaded for.
    public var attachTarget: String?
    public var flags: LoadFlags
    public var privilege: LoadPrivilege
    /// Kernel functions that are called, by name.
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
