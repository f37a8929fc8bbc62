import BPF
import Patching

/// The program and pass for measuring designs: patches at equal distances and of equal length, each with the replaced
/// instruction first. Every eighth instruction is a jump.
///
/// - Source: Jiong Wang, July 2019, the table of patches and seconds; kept instructions and jump distances are our
///   choice
package struct DensePatches: Sendable, Hashable {
    /// The length of the program.
    ///
    /// - Units: slots
    package var insns: Int
    /// The distance between patched slots.
    package var every: Int
    /// The length of a patch.
    ///
    /// - Units: slots
    package var length: Int

    /// The largest distance of a jump in either direction; offsets of the result fit 16 bits up to a patch length of 4.
    ///
    /// - Units: slots
    static let reach = 8_000

    package init(insns: Int, every: Int = 1, length: Int = 2) {
        precondition(insns > 0 && every > 0 && length > 0 && length <= 4)
        self.insns = insns
        self.every = every
        self.length = length
    }

    /// The number of patches.
    package var patches: Int { (insns + every - 1) / every }

    /// Makes the program and the pass; deterministic.
    ///
    /// - Complexity: O(slots)
    package func make(_ program: ProgramBuffer, _ pass: PassBuffer) {
        makeProgram(program)
        pass.removeAll()
        for off in stride(from: 0, to: insns, by: every) {
            pass.addEdit(off: InputIndex(off), remove: 1)
            pass.updateLast { $0.keep = 0 }
            pass.addPatch(.zero)
            for slot in 1..<length {
                pass.addPatch(Instruction(code: Opcode.movImmediate64, dst: 1, imm: Int32(insns + off * 4 + slot)))
            }
        }
    }

    private func makeProgram(_ program: ProgramBuffer) {
        program.reserve(insns: insns, subprograms: 1, lines: 0)
        program.insnCount = insns
        program.subprogramCount = 1
        program.lineCount = 0
        let image: ProgramImage<Slot> = program.image()
        unsafe image.subprograms[TableIndex(0)] = Subprogram(start: 0, id: 0)
        var draws = Draws(seed: 2019, index: UInt64(insns))
        for slot in 0..<insns {
            var insn = Instruction(code: Opcode.movImmediate64, dst: 0, imm: Int32(truncatingIfNeeded: slot))
            if slot % 8 == 7 {
                let low = max(0, slot - DensePatches.reach)
                let high = min(insns, slot + DensePatches.reach)
                let target = low + draws.below(high - low)
                // jne r1, imm: a conditional jump, the most common kind.
                insn = Instruction(
                    code: 0x55, dst: 1, off: Int16(target - slot - 1), imm: Int32(truncatingIfNeeded: slot))
            }
            unsafe image.insns[Slot(slot)] = insn
            unsafe image.aux[Slot(slot)] = UInt32(truncatingIfNeeded: slot &* 2_654_435_761)
        }
    }
}
