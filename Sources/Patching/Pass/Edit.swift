import BPF

/// Patch instruction `from` is a jump or call to instruction `to` of the input of the pass.
///
/// - Units: slots
@frozen
public struct Ref: Hashable, Sendable, BitwiseCopyable {
    public var from: PatchIndex
    public var to: InputIndex
    @inlinable
    public init(from: PatchIndex, to: InputIndex) {
        self.from = from
        self.to = to
    }
}

/// Replace the slots from `off` up to `off + remove` of the input by a patch, as a value.
///
/// | form | meaning |
/// |---|---|
/// | `remove` 0, a patch | insert before `off`; at the end of the program, append |
/// | `remove` the width of the instruction, a patch | `bpf_patch_insn_data` |
/// | `remove` more, a patch | range replacement |
/// | `remove` at least 1, no patch | delete |
///
/// - Units: all indices and lengths in slots
/// - Source: SEMANTICS, "Edit"
public struct Edit: Hashable, Sendable {
    /// Where the edit starts, in the coordinates of the pass's input.
    public var off: InputIndex
    /// How many slots it removes.
    public var remove: UInt32
    /// What stands in their place. Slots of a kept instruction hold zeros.
    public var patch: [Instruction]
    /// Where in the patch the replaced instruction itself stands.
    public var keep: PatchIndex?
    /// Which patch instructions reach an instruction of the input; the offset field of these holds 0.
    public var refs: [Ref]
    /// Whether jumps to `off` go past the inserted code; calls still enter it.
    public var skip: Bool

    public init(
        off: InputIndex, remove: UInt32, patch: [Instruction] = [], keep: PatchIndex? = nil, refs: [Ref] = [],
        skip: Bool = false
    ) {
        self.off = off
        self.remove = remove
        self.patch = patch
        self.keep = keep
        self.refs = refs
        self.skip = skip
    }
}

/// The edits of one pass as a value, all in the coordinates of its input.
///
/// - Shape: sorted by `off`, disjoint, no two at one `off`; what is not is malformed and refused
public struct Pass: Hashable, Sendable {
    public var edits: [Edit]
    public init(edits: [Edit] = []) { self.edits = edits }
}
