import BPF

/// A jump or call from patch instruction `from` to instruction `to` of the pass's input.
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

/// The replacement of the slots from `off` up to `off + remove` by a patch, as a value.
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
    /// The start of the edit, in the coordinates of the pass's input.
    public var off: InputIndex
    /// The number of removed slots.
    public var remove: UInt32
    /// The instructions in their place. The slots of a kept instruction are zero.
    public var patch: [Instruction]
    /// The place in the patch of the replaced instruction itself, if it is kept.
    public var keep: PatchIndex?
    /// The patch instructions that reach an instruction of the input. Their offset field is 0.
    public var refs: [Ref]
    /// True if jumps to `off` skip the inserted code; calls still enter it.
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

/// The edits of one pass as a value, all in the coordinates of the pass's input.
///
/// - Shape: sorted by `off`, disjoint, no two at one `off`; any other pass is malformed and refused
public struct Pass: Hashable, Sendable {
    public var edits: [Edit]
    public init(edits: [Edit] = []) { self.edits = edits }
}
