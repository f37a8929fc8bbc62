import BPF
import Patching

/// The size of a case for a reader, the most important number first.
///
/// - Units: passes, edits, refs, subprograms and lines in pieces; `insns` and `patchInsns` in slots
package struct CaseSize: Hashable, Sendable, Comparable {
    package var passes: Int
    package var edits: Int
    package var insns: Int
    package var patchInsns: Int
    /// Refs, subprograms and line records together.
    package var tables: Int
    /// The distance of instructions and numbers from the simplest ones.
    package var detail: Int
    /// The size of numbers that only mark an instruction for the reader: registers and constants of moves and
    /// conditions.
    package var markers: Int

    /// Measures a case.
    ///
    /// - Complexity: O(slots)
    package init(_ c: Case) {
        passes = c.passes.count
        insns = c.program.insns.count
        tables = c.program.subprograms.count + c.program.lines.count
        (edits, patchInsns, detail, markers) = (0, 0, 0, 0)
        for insn in c.program.insns { add(insn) }
        for word in c.program.aux { detail += word.bitCount }
        for subprogram in c.program.subprograms { detail += subprogram.id.bitCount }
        for line in c.program.lines { detail += line.id.bitCount }
        for pass in c.passes {
            edits += pass.edits.count
            for edit in pass.edits {
                patchInsns += edit.patch.count
                tables += edit.refs.count
                for insn in edit.patch { add(insn) }
                detail += (edit.skip ? 4 : 0) + (edit.keep == nil ? 0 : 4)
                detail += edit.off.rawValue.bitCount + edit.remove.bitCount
            }
        }
    }

    /// Adds the detail and the markers of an instruction.
    private mutating func add(_ insn: Instruction) {
        let (more, numbers) = Self.detail(insn)
        detail += more
        markers += numbers
    }

    /// 0 for the simplest instruction, more for each field that is not 0.
    static func detail(_ insn: Instruction) -> (detail: Int, markers: Int) {
        let isMove = insn.code == Opcode.movImmediate64
        let detail = (isMove || insn.code == 0 ? 0 : 8) + insn.off.magnitude.bitCount
        let numbers = Int(insn.registers).bitCount + insn.imm.magnitude.bitCount
        return isMove || insn.jumpKind == .short ? (detail, numbers) : (detail + numbers, 0)
    }

    /// The numbers to compare in order.
    var numbers: [Int] { [passes, edits, insns + patchInsns, insns, tables, detail, markers] }

    package static func < (left: CaseSize, right: CaseSize) -> Bool {
        left.numbers.lexicographicallyPrecedes(right.numbers)
    }
}

extension FixedWidthInteger {
    /// The number of significant bits.
    fileprivate var bitCount: Int { bitWidth - leadingZeroBitCount }
}
