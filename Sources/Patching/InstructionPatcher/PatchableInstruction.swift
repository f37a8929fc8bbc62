import BPF

/// An instruction that an ``InstructionPatcher`` visits, with its original and current index.
///
/// It is a copy: later edits do not change it.
///
/// - Source: Nakryiko, 2019 (`struct bpf_patchable_insn`)
public struct PatchableInstruction: Hashable, Sendable, BitwiseCopyable {
    /// The index in the program of the phase, before all edits. Edits use this index.
    public let originalIndex: InputIndex
    /// The index after all edits so far.
    public let currentIndex: OutputIndex
    /// The instruction, or the first slot of a wide load; its offset counts slots of the program of the phase.
    public let insn: Instruction
    /// The second slot of a wide load, `nil` for other instructions.
    public let secondSlot: Instruction?
    /// The aux word of the instruction, or of the first slot of a wide load.
    public let aux: UInt32
    /// The aux word of the second slot of a wide load, `nil` for other instructions.
    public let secondAux: UInt32?
    /// The subprogram that contains it, with its start in the program of the phase.
    public let subprogram: Subprogram

    /// The number of slots.
    ///
    /// - Units: slots
    public var width: Int { insn.width }

    /// The original index of the next instruction, or the end of the program.
    public var nextIndex: InputIndex { originalIndex + width }

    /// The original index of the target of a jump or call; `nil` for other instructions.
    ///
    /// A patch can jump to the same target with ``Patch/Target/instruction(_:)``.
    ///
    /// - Complexity: O(1)
    public var target: InputIndex? {
        let kind = insn.jumpKind
        return kind == .none ? nil : originalIndex + (1 + insn.jumpOffset(kind))
    }
}
