import BPF
import Patching

extension Program {
    /// A program from assembler text, with aux words that count from 1.
    init(_ listing: String) throws {
        // Only patches can have labels, so the listing replaces a program of one instruction.
        let patcher = try InstructionPatcher(Program(insns: [Instruction(code: Opcode.exit)]))
        try patcher.replace(InputIndex(0), with: Patch(listing))
        self = try patcher.finish()
        aux = insns.indices.map { UInt32($0 + 1) }
    }

    /// Two subprograms; a wide load at 1, a jump at 3, a call at 4.
    static func twoSubprograms() throws -> Program {
        var program = try Program("r1 = 100; r2 = 5 ll; if r1 == 1 goto +1; exit; exit; r0 = 106; exit")
        program.insns[4] = Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: 1)
        program.subprograms = [Subprogram(start: 0, id: 50), Subprogram(start: 6, id: 51)]
        program.lines = [LineRecord(insnOff: 1, id: 70), LineRecord(insnOff: 6, id: 71)]
        return program
    }

    /// The instructions as text, one a line.
    var listing: String {
        Marked.starts(insns).map { at in
            Disassembler.text(of: insns[at], secondSlot: at + 1 < insns.count ? insns[at + 1] : nil)
        }.joined(separator: "\n")
    }
}
