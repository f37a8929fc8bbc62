import BPF
import Patching

/// How large a case is: what a reader has to take in, the most important first.
///
/// - Units: passes, edits, refs, subprograms and lines in pieces; `insns` and `patchInsns` in slots
public struct CaseSize: Hashable, Sendable, Comparable {
    public var passes: Int
    public var edits: Int
    public var insns: Int
    public var patchInsns: Int
    /// Refs, subprograms and line records together.
    public var tables: Int
    /// How far instructions and numbers are from the simplest.
    public var detail: Int

    /// Measures a case.
    ///
    /// - Complexity: O(slots)
    public init(_ c: Case) {
        passes = c.passes.count
        let all = c.passes.flatMap(\.edits)
        edits = all.count
        insns = c.program.insns.count
        patchInsns = all.reduce(0) { $0 + $1.patch.count }
        tables = c.program.subprograms.count + c.program.lines.count + all.reduce(0) { $0 + $1.refs.count }
        detail = c.program.insns.reduce(0) { $0 + Self.detail($1) }
        for edit in all {
            detail += edit.patch.reduce(0) { $0 + Self.detail($1) } + (edit.skip ? 4 : 0) + (edit.keep == nil ? 0 : 4)
            detail += edit.off.rawValue.bitCount + edit.remove.bitCount
        }
        for word in c.program.aux { detail += word.bitCount }
        for subprogram in c.program.subprograms { detail += subprogram.id.bitCount }
        for line in c.program.lines { detail += line.id.bitCount }
    }

    /// 0 for the simplest instruction, more for each field that says something.
    static func detail(_ insn: Instruction) -> Int {
        let plain = insn.code == Opcode.movImmediate64 || insn.code == 0
        return (plain ? 0 : 8) + Int(insn.registers).bitCount + insn.off.magnitude.bitCount
            + insn.imm.magnitude.bitCount
    }

    /// The numbers that decide which of two is larger, the most important first.
    var numbers: [Int] { [passes, edits, insns + patchInsns, insns, tables, detail] }

    public static func < (left: CaseSize, right: CaseSize) -> Bool {
        left.numbers.lexicographicallyPrecedes(right.numbers)
    }
}

extension FixedWidthInteger {
    /// How many bits the number takes.
    fileprivate var bitCount: Int { bitWidth - leadingZeroBitCount }
}
