import BPF
import Patching

extension Program {
    /// A program from assembler text, with aux words that count from 1.
    init(_ listing: String) throws {
        // A patch is the one thing that reads labels, so the listing replaces a program of one instruction.
        let patcher = try InstructionPatcher(Program(insns: [Instruction(code: Opcode.exit)]))
        try patcher.replace(InputIndex(0), with: Patch(listing))
        self = try patcher.finish()
        aux = insns.indices.map { UInt32($0 + 1) }
    }

    /// The instructions as text, one a line.
    var listing: String {
        Marked.starts(insns).map { at in
            Disassembler.text(of: insns[at], secondSlot: at + 1 < insns.count ? insns[at + 1] : nil)
        }.joined(separator: "\n")
    }
}
