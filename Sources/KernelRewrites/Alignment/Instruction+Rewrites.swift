import BPF
import Fuzzing

extension Opcode {
    /// `ST|NOSPEC`: a barrier against speculation, which no program can hold.
    static let barrier: UInt8 = 0xc2
    /// `ALU64|ADD|X` and `ALU64|SUB|X`.
    static let addRegister: UInt8 = 0x0f
    static let subtractRegister: UInt8 = 0x1f
}

extension Instruction {
    /// `r0 = r0` with `BPF_ADDR_PERCPU` in `off`: adds the start of this processor's own memory.
    static var percpuMove: Instruction {
        var move = Instruction.move(Register.result, Register.result)
        move.off = -1
        return move
    }

    /// All bits that are no offset of a jump.
    @inline(__always)
    var fieldsBesideOffset: UInt64 {
        switch jumpKind {
        case .none: UInt64.max
        case .short: ~0xffff_0000
        case .long, .call, .function: 0xffff_ffff
        }
    }

    /// Whether it writes to memory.
    var isStore: Bool { code & 7 == Opcode.storeClass || code & 7 == Opcode.storeImmediateClass }

    /// Whether it is a barrier, as the kernel writes it.
    var isBarrier: Bool { bits == UInt64(Opcode.barrier) }

    /// Whether it divides, or takes what is left of a division; only of arithmetic.
    var isDivision: Bool {
        let operation = code & Opcode.operationMask
        return operation == Arithmetic.divide.rawValue || operation == Arithmetic.modulo.rawValue
    }

    /// Whether it is `ld_abs` or `ld_ind`.
    var isPacketLoad: Bool { code & Opcode.classMask == 0 && !isWide && code != 0 }

    /// A compare and exchange of 32 bits, which zero-extends the old value in `r0`.
    var isCompareExchange32: Bool { code == Opcode.atomicMode | Opcode.storeClass && imm == 0xf1 }

    /// `wD = wD` with a mark in `imm`: made by the verifier, and by nobody else.
    ///
    /// - Source: `include/linux/filter.h`, `BPF_ZEXT_REG`
    static func zeroExtension(of dst: UInt8) -> Instruction {
        var move = apply(.move, dst, register: dst, is64: false)
        move.imm = 1
        return move
    }

    /// `addr_space_cast`: a move with 1 in `off` and the address spaces in `imm`.
    @inline(__always)
    var isAddressCast: Bool { code == 0xbf && off == 1 && imm != 0 }

    /// The register that it defines, if it is no call.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `insn_def_regno`
    var defined: UInt8? {
        switch code & Opcode.classMask {
        case Opcode.jumpClass, Opcode.jump32Class, Opcode.storeImmediateClass: return nil
        case Opcode.storeClass:
            if code & Opcode.modeMask == Opcode.memoryMode { return nil }
            // A load that acquires; else a bit says whether the old value is wanted.
            if imm == 0x100 { return dst }
            return imm & 1 == 0 ? nil : imm == 0xf1 ? 0 : src
        default: return dst
        }
    }
}
