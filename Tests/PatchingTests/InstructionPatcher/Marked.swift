import BPF
import Patching
import TestSupport

/// Instructions with a marker: a unique number in a field that patching does not change.
enum Marked {
    /// An instruction of some kind with a marker.
    static func insn(_ code: UInt8, src: UInt8 = 0, _ marker: Int) -> [Instruction] {
        var insn = Instruction(code: code, dst: 1, src: src)
        switch insn.jumpKind {
        case .long, .call: insn.off = Int16(marker)
        case .function: return [insn, Instruction(code: 0, imm: Int32(marker))]
        case .none where insn.isWide: return [insn, Instruction(code: 0, imm: Int32(marker))]
        case .none, .short: insn.imm = Int32(marker)
        }
        return [insn]
    }

    /// The marker of the instruction at a slot.
    static func marker(_ insns: [Instruction], at slot: Int) -> Int {
        let insn = insns[slot]
        if insn.isWide { return Int(insns[slot + 1].imm) }
        return insn.jumpKind == .long || insn.jumpKind == .call ? Int(insn.off) : Int(insn.imm)
    }

    /// The slot of the instruction with a marker.
    static func find(_ marker: Int, in program: Program) -> Int? {
        starts(program.insns).first { self.marker(program.insns, at: $0) == marker }
    }

    /// The first slots of all instructions.
    static func starts(_ insns: [Instruction]) -> [Int] {
        var starts: [Int] = []
        var at = 0
        while at < insns.count {
            starts.append(at)
            at += insns[at].width
        }
        return starts
    }

    /// The range of the subprogram that holds a slot.
    static func home(of slot: Int, in program: Program) -> Range<Int> {
        let start = program.subprograms.last { $0.start <= slot }!.start
        let next = program.subprograms.first { $0.start > slot }
        return Int(start)..<(next.map { Int($0.start) } ?? program.insns.count)
    }
}

extension Program {
    /// A random well-formed program of up to `most` instructions, with every kind of jump, call and table.
    ///
    /// - Parameter marker: the first free marker; advanced by one for each instruction
    static func random(upTo most: Int, _ numbers: inout SeededNumbers, marker: inout Int) -> Program {
        var insns: [Instruction] = []
        for _ in 0...numbers.below(most) {
            let (code, src) = numbers.pick(Program.kinds)
            insns += Marked.insn(code, src: src, marker)
            marker += 1
        }
        let starts = Marked.starts(insns)
        var program = Program(insns: insns, aux: insns.indices.map { UInt32(500 + $0) }, subprograms: [])
        for start in starts where start == 0 || numbers.oneIn(5) {
            program.subprograms.append(Subprogram(start: UInt32(start), id: UInt32(100 + start)))
        }
        for start in starts where numbers.oneIn(2) {
            program.lines.append(LineRecord(insnOff: UInt32(start), id: UInt32(700 + start)))
        }
        for start in starts {
            let kind = insns[start].jumpKind
            if kind == .none { continue }
            let home = Marked.home(of: start, in: program)
            let target =
                kind.isCall
                ? Int(numbers.pick(program.subprograms).start) : numbers.pick(starts.filter(home.contains))
            _ = program.insns[start].setJumpOffset(target - start - 1, kind)
        }
        return program
    }

    /// Codes, and the `src` that their kind needs.
    static let kinds: [(UInt8, UInt8)] = [
        (Opcode.movImmediate64, 0), (Opcode.movImmediate64, 0), (Opcode.movImmediate64, 0), (0x55, 0),
        (Opcode.ja, 0), (Opcode.mayGoto, 0), (Opcode.gotol, 0), (Opcode.loadImmediate64, 0), (Opcode.exit, 0),
        (Opcode.call, Opcode.pseudoCall), (Opcode.loadImmediate64, Opcode.pseudoFunction),
    ]
}
