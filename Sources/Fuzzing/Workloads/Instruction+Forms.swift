import BPF

/// The registers that rewrites use, by their task.
package enum Register {
    /// The return value of a call.
    @inlinable package static var result: UInt8 { 0 }
    /// The first argument of a call, and the context where a program starts.
    @inlinable package static var first: UInt8 { 1 }
    @inlinable package static var second: UInt8 { 2 }
    @inlinable package static var third: UInt8 { 3 }
    /// The end of the stack.
    @inlinable package static var frame: UInt8 { 10 }
    /// `BPF_REG_AX`, which no program can name and rewrites use freely.
    @inlinable package static var hidden: UInt8 { 11 }
}

/// The operation bits of an arithmetic instruction.
///
/// - Source: RFC 9669, section 4.1
package enum Arithmetic: UInt8 {
    case add = 0x00
    case subtract = 0x10
    case multiply = 0x20
    case divide = 0x30
    case or = 0x40
    case and = 0x50
    case shiftLeft = 0x60
    case shiftRight = 0x70
    case negate = 0x80
    case modulo = 0x90
    case xor = 0xa0
    case move = 0xb0
    case shiftRightSigned = 0xc0
}

/// The condition bits of a conditional jump.
///
/// - Source: RFC 9669, section 4.3
package enum Condition: UInt8 {
    case equal = 0x10
    case greater = 0x20
    case greaterOrEqual = 0x30
    /// The operands have a bit in common.
    case set = 0x40
    case notEqual = 0x50
    case signedGreater = 0x60
    case signedGreaterOrEqual = 0x70
    case less = 0xa0
    case lessOrEqual = 0xb0
    case signedLess = 0xc0
    case signedLessOrEqual = 0xd0
}

/// The size bits of a load or store.
///
/// - Source: RFC 9669, section 5
package enum MemorySize: UInt8 {
    case word = 0x00
    case half = 0x08
    case byte = 0x10
    case double = 0x18

    /// The size of a load or store.
    package init(of insn: Instruction) { self = MemorySize(rawValue: insn.code & 0x18) ?? .word }

    /// - Units: bytes
    package var bytes: Int {
        switch self {
        case .byte: 1
        case .half: 2
        case .word: 4
        case .double: 8
        }
    }
}

/// The codes that rewrites match.
extension Opcode {
    /// `ALU`, 32-bit arithmetic.
    @inlinable package static var arithmetic32Class: UInt8 { 0x04 }
    /// `ALU64`, 64-bit arithmetic.
    @inlinable package static var arithmeticClass: UInt8 { 0x07 }
    @inlinable package static var loadClass: UInt8 { 0x01 }
    @inlinable package static var storeImmediateClass: UInt8 { 0x02 }
    @inlinable package static var storeClass: UInt8 { 0x03 }
    /// The bit for a register operand instead of an immediate one.
    @inlinable package static var registerOperand: UInt8 { 0x08 }
    /// The bits of a load or store that hold the mode.
    @inlinable package static var modeMask: UInt8 { 0xe0 }
    /// `MEM`, the mode of plain loads and stores.
    @inlinable package static var memoryMode: UInt8 { 0x60 }
    /// `BPF_MEMSX`: a load that extends the sign.
    @inlinable package static var signedMemoryMode: UInt8 { 0x80 }
    @inlinable package static var atomicMode: UInt8 { 0xc0 }
    /// `LDX|MEM|DW`.
    @inlinable package static var loadDouble: UInt8 { 0x79 }
    /// `STX|MEM|DW`.
    @inlinable package static var storeDouble: UInt8 { 0x7b }
    /// `BPF_PSEUDO_MAP_FD` in `src_reg` of a wide load.
    @inlinable package static var pseudoMap: UInt8 { 1 }
    /// `BPF_PSEUDO_MAP_IDX` in `src_reg` of a wide load, as in objects before maps are created.
    @inlinable package static var pseudoMapIndex: UInt8 { 5 }
    /// `BPF_PSEUDO_KFUNC_CALL` in `src_reg` of a call.
    @inlinable package static var pseudoKernelFunction: UInt8 { 2 }
}

/// The instructions that rewrites are built from.
extension Instruction {
    /// `rD = imm`, its sign extended.
    @inline(__always)
    package static func assign(_ dst: UInt8, _ imm: Int32) -> Instruction { apply(.move, dst, imm) }

    /// `rD = rS`.
    @inline(__always)
    package static func move(_ dst: UInt8, _ src: UInt8) -> Instruction { apply(.move, dst, register: src) }

    /// `rD op= imm`, or `wD op= imm`.
    @inline(__always)
    package static func apply(_ operation: Arithmetic, _ dst: UInt8, _ imm: Int32, is64: Bool = true) -> Instruction {
        let family = is64 ? Opcode.arithmeticClass : Opcode.arithmetic32Class
        return Instruction(code: operation.rawValue | family, dst: dst, imm: imm)
    }

    /// `rD op= rS`, or `wD op= wS`.
    @inline(__always)
    package static func apply(
        _ operation: Arithmetic, _ dst: UInt8, register src: UInt8, is64: Bool = true
    ) -> Instruction {
        let family = is64 ? Opcode.arithmeticClass : Opcode.arithmetic32Class
        return Instruction(code: operation.rawValue | family | Opcode.registerOperand, dst: dst, src: src)
    }

    /// `rD = *(size *)(rS + off)`.
    @inline(__always)
    package static func load(_ size: MemorySize, _ dst: UInt8, from src: UInt8, _ off: Int16) -> Instruction {
        Instruction(code: size.rawValue | Opcode.memoryMode | Opcode.loadClass, dst: dst, src: src, off: off)
    }

    /// `*(size *)(rD + off) = rS`.
    @inline(__always)
    package static func store(_ size: MemorySize, to dst: UInt8, _ off: Int16, _ src: UInt8) -> Instruction {
        Instruction(code: size.rawValue | Opcode.memoryMode | Opcode.storeClass, dst: dst, src: src, off: off)
    }

    /// `*(size *)(rD + off) = imm`.
    @inline(__always)
    package static func store(_ size: MemorySize, to dst: UInt8, _ off: Int16, imm: Int32) -> Instruction {
        Instruction(code: size.rawValue | Opcode.memoryMode | Opcode.storeImmediateClass, dst: dst, off: off, imm: imm)
    }

    /// `goto off`.
    @inline(__always)
    package static func jump(_ off: Int16) -> Instruction { Instruction(code: Opcode.ja, off: off) }

    /// `if rD condition imm goto off`, or of `wD`.
    @inline(__always)
    package static func jump(
        _ off: Int16, if dst: UInt8, _ condition: Condition, _ imm: Int32, is64: Bool = true
    ) -> Instruction {
        let family = is64 ? Opcode.jumpClass : Opcode.jump32Class
        return Instruction(code: condition.rawValue | family, dst: dst, off: off, imm: imm)
    }

    /// `if rD condition rS goto off`, or of `wD` and `wS`.
    @inline(__always)
    package static func jump(
        _ off: Int16, if dst: UInt8, _ condition: Condition, register src: UInt8, is64: Bool = true
    ) -> Instruction {
        let family = is64 ? Opcode.jumpClass : Opcode.jump32Class
        return Instruction(code: condition.rawValue | family | Opcode.registerOperand, dst: dst, src: src, off: off)
    }

    /// `call imm`, of a helper or of an internal kernel function.
    @inline(__always)
    package static func callHelper(_ number: Int32) -> Instruction { Instruction(code: Opcode.call, imm: number) }

    /// True for a wide load of a map.
    @inline(__always)
    package func loadsMap(_ dst: UInt8) -> Bool {
        isWide && self.dst == dst && (src == Opcode.pseudoMap || src == Opcode.pseudoMapIndex)
    }

    /// The number of the helper, for a helper call; else `nil`.
    @inline(__always)
    package func isCall(ofHelper number: Int32) -> Bool { code == Opcode.call && src == 0 && imm == number }
}
