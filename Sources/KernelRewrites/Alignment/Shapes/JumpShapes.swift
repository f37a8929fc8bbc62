import BPF
import Fuzzing
import Patching

/// `may_goto` and its counter, and `bpf_loop`.
enum JumpShapes {
    /// Reads what stands for a `may_goto`: a counter in a slot of the stack, since 6.15 with a clock.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`; for the clock, "bpf: Introduce timed may_goto" (6.15)
    static func mayGoto(_ target: InputIndex, _ start: ShapeReader) -> Shape {
        let counter = start.next.off
        let load = Instruction.load(.double, Register.hidden, from: Register.frame, counter)
        var reader = start
        reader.take(load)
        reader.take(anyOff: .jump(0, if: Register.hidden, .equal, 0))
        reader.take(.apply(.subtract, Register.hidden, 1))
        if reader.next.code != Opcode.storeDouble {
            reader.take(.jump(2, if: Register.hidden, .notEqual, 0))
            reader.take(.assign(Register.hidden, Int32(counter)))
            reader.take(anyImm: .callHelper(0))
        }
        reader.take(.store(.double, to: Register.frame, counter, Register.hidden))
        var shape = reader.shape(.mayGoto)
        shape.from = 1
        shape.target = target
        return shape
    }

    /// Reads the code at the start of a subprogram that sets the counter, and the clock.
    static func counterStart(_ start: ShapeReader) -> Shape {
        var reader = start
        let counter = start.next.off
        if start.next.imm == 0xffff {
            reader.take(.store(.double, to: Register.frame, counter, imm: 0xffff))
            reader.take(.store(.double, to: Register.frame, counter &+ 8, imm: 0))
        } else {
            reader.take(.store(.double, to: Register.frame, counter, imm: maximumLoops))
        }
        return reader.shape(.mayGotoStart)
    }

    /// `BPF_MAX_LOOPS`
    private static let maximumLoops: Int32 = 8 << 20

    /// Reads what stands for a call of `bpf_loop`: a loop around a call, which is the thirteenth instruction.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `inline_bpf_loop`
    static func loop(_ start: ShapeReader) -> Shape {
        var reader = start
        let base = start.peek(3).off
        reader.take(.jump(2, if: 1, .lessOrEqual, maximumLoops))
        reader.take(.apply(.move, Register.result, -7, is64: false))
        reader.take(.jump(16))
        for number in 0..<3 {
            reader.take(.store(.double, to: Register.frame, base &+ Int16(8 * number), UInt8(6 + number)))
        }
        reader.take(.move(6, 1))
        reader.take(.apply(.move, 7, 0, is64: false))
        reader.take(.move(8, 3))
        reader.take(.jump(5, if: 7, .greaterOrEqual, register: 6))
        reader.take(.move(1, 7))
        reader.take(.move(2, 8))
        reader.take { $0.code == Opcode.call && $0.registers == Opcode.pseudoCall << 4 }
        reader.take(.apply(.add, 7, 1))
        reader.take(.jump(-6, if: Register.result, .equal, 0))
        reader.take(.move(Register.result, 7))
        for number in 0..<3 {
            reader.take(.load(.double, UInt8(6 + number), from: Register.frame, base &+ Int16(8 * number)))
        }
        return reader.shape(.loop)
    }
}
