import BPF

/// An instruction as an ``InstructionPatcher`` hands it out: what it is, where it stood and where it stands.
///
/// It is what the instruction was when it was handed out; later edits do not change it.
///
/// - Source: Nakryiko, 2019 (`struct bpf_patchable_insn`)
public struct PatchableInstruction: Hashable, Sendable, BitwiseCopyable {
    /// Where it stands in the program of the phase, whatever has been edited since. Edits speak of this index.
    public let originalIndex: InputIndex
    /// Where it stands after all edits made so far.
    public let currentIndex: OutputIndex
    /// The instruction, or the first slot of a wide load; its offset counts slots of the program of the phase.
    public let insn: Instruction
    /// The second slot of a wide load, `nil` for everything else.
    public let secondSlot: Instruction?
    /// The aux word of the instruction, or of the first slot of a wide load.
    public let aux: UInt32
    /// The aux word of the second slot of a wide load, `nil` for everything else.
    public let secondAux: UInt32?
    /// The subprogram that holds it, with the start that it has in the program of the phase.
    public let subprogram: Subprogram

    /// How many slots it takes.
    ///
    /// - Units: slots
    public var width: Int { insn.width }

    /// The original index of what stands behind it; the end of the program behind the last instruction.
    public var nextIndex: InputIndex { originalIndex + width }

    /// The original index of the instruction that it jumps to or calls, `nil` if it does neither.
    ///
    /// This is what a patch names when it must jump to the same place (``Patch/Target/instruction(_:)``).
    ///
    /// - Complexity: O(1)
    public var target: InputIndex? {
        let kind = insn.jumpKind
        return kind == .none ? nil : originalIndex + (1 + insn.jumpOffset(kind))
    }
}
