import BPF

/// The registers that an instruction reads and writes; a set has a bit for each.
///
/// - Source: RFC 9669; `is_reg64` in `kernel/bpf/verifier.c`, Linux 6.12, for 64-bit reads
package struct RegisterEffect: BitwiseCopyable {
    /// The registers that are written.
    var written: UInt16 = 0
    /// The registers of which all 64 bits are read.
    var read: UInt16 = 0
    /// True if it writes 32 bits and clears the upper half.
    var writes32 = false

    /// `BPF_XCHG` in `imm` of an atomic instruction.
    package static let exchange: Int32 = 0xe1
    private static let fetch: Int32 = 0x01
    package static let compareExchange: Int32 = 0xf1
    private static let loadAcquire: Int32 = 0x100
    /// `r0` to `r5`, which a call clobbers.
    static let scratch: UInt16 = 0b11_1111
    static let arguments: UInt16 = 0b11_1110

    /// The set of one register.
    @inline(__always)
    static func bit(_ register: UInt8) -> UInt16 { 1 << UInt16(register) }

    /// The effect of an instruction; a second slot has none.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    init(of insn: Instruction) {
        let dst = RegisterEffect.bit(insn.dst)
        let src = RegisterEffect.bit(insn.src)
        switch insn.code & Opcode.classMask {
        case Opcode.arithmeticClass:
            written = dst
            if insn.code & Opcode.operationMask != Arithmetic.move.rawValue { read = dst }
            if insn.code & Opcode.registerOperand != 0 { read |= src }
        case Opcode.arithmetic32Class:
            // The 64-bit byte swap is in this class, too.
            let is64 = insn.code & Opcode.operationMask == 0xd0 && insn.imm == 64
            (written, read, writes32) = (dst, is64 ? dst : 0, !is64)
        case Opcode.loadClass:
            let isSigned = insn.code & Opcode.modeMask != Opcode.memoryMode
            (written, read, writes32) = (dst, src, !isSigned && MemorySize(of: insn) != .double)
        case Opcode.storeImmediateClass: read = dst
        case Opcode.storeClass: store(insn, dst, src)
        case Opcode.jumpClass: jump(insn, dst, src)
        case Opcode.jump32Class: break
        default:
            if insn.isWide { written = dst } else if insn.code != 0 { (written, writes32) = (1, true) }
        }
    }

    private mutating func store(_ insn: Instruction, _ dst: UInt16, _ src: UInt16) {
        let is64 = MemorySize(of: insn) == .double
        read = is64 ? dst | src : dst
        if insn.code & Opcode.modeMask != Opcode.atomicMode { return }
        switch insn.imm {
        case RegisterEffect.loadAcquire: (written, read) = (dst, src)
        case RegisterEffect.compareExchange: (written, read) = (1, is64 ? read | 1 : read)
        default: if insn.imm & RegisterEffect.fetch != 0 { written = src }
        }
        writes32 = written != 0 && !is64
    }

    private mutating func jump(_ insn: Instruction, _ dst: UInt16, _ src: UInt16) {
        switch insn.code {
        case Opcode.ja, Opcode.mayGoto: break
        case Opcode.exit: read = 1
        case Opcode.call: (written, read) = (RegisterEffect.scratch, RegisterEffect.arguments)
        default: read = insn.code & Opcode.registerOperand != 0 ? dst | src : dst
        }
    }
}

extension Instruction {
    /// True if control never continues at the next slot.
    @inlinable @inline(__always)
    package var endsFlow: Bool {
        code == Opcode.ja || code == Opcode.gotol || code == Opcode.exit || code == Opcode.gotox
    }
}
