import BPF
import Fuzzing
import Patching

/// Code that the kernel adds to a program without an instruction that it stands for.
enum PrologueShapes {
    /// Reads code in front of the first instruction, which makes a packet the program's own before it is written.
    ///
    /// - Source: 6.12 `net/core/filter.c`, `bpf_unclone_prologue`
    static func prologue(_ start: ShapeReader) -> Shape {
        var reader = start
        let saved: UInt8 = 6
        if start.next.code != Opcode.load(.byte) || start.next.dst != saved { return .missing }
        reader.take(anyOff: .load(.byte, saved, from: Register.first, 0))
        reader.take(anyImm: .apply(.and, saved, 0, is64: false))
        reader.take(.jump(7, if: saved, .equal, 0))
        reader.take(.move(saved, Register.first))
        reader.take(.apply(.xor, Register.second, register: Register.second))
        reader.take(anyImm: .callHelper(0))
        reader.take(.jump(2, if: Register.result, .equal, 0))
        let verdict = Instruction.apply(.move, Register.result, 0, is64: false)
        // One of 0 is blinded as 64 bits, whatever it was.
        let isCleared = reader.isUnblinded && reader.next.bits == Instruction.assign(Register.result, 0).bits
        reader.take(anyImm: isCleared ? .assign(Register.result, 0) : verdict)
        reader.take(Instruction(code: Opcode.exit))
        reader.take(.move(Register.first, saved))
        return reader.shape(.prologue)
    }

    /// Reads the subprogram behind the last one, for exceptions that the program does not catch.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `add_hidden_subprog`
    static func hiddenSubprogram(_ start: ShapeReader) -> Shape {
        var reader = start
        reader.take(.move(Register.result, Register.first))
        reader.take(Instruction(code: Opcode.exit))
        return reader.shape(.hiddenSubprogram)
    }
}
