/// An arithmetic operator of the assembler and its operation bits.
struct ArithmeticOperator {
    var symbol: String
    var operation: UInt8
    /// True for a signed division, which has 1 in `off`.
    var isSigned: Bool

    /// All operators except `=`, negation and byte swaps, which have their own syntax.
    /// No symbol is a prefix of a later one.
    ///
    /// - Source: RFC 9669, section 4.1
    static let all: [ArithmeticOperator] = [
        ArithmeticOperator(symbol: "s>>=", operation: 0xc0, isSigned: false),
        ArithmeticOperator(symbol: "s/=", operation: 0x30, isSigned: true),
        ArithmeticOperator(symbol: "s%=", operation: 0x90, isSigned: true),
        ArithmeticOperator(symbol: "<<=", operation: 0x60, isSigned: false),
        ArithmeticOperator(symbol: ">>=", operation: 0x70, isSigned: false),
        ArithmeticOperator(symbol: "+=", operation: 0x00, isSigned: false),
        ArithmeticOperator(symbol: "-=", operation: 0x10, isSigned: false),
        ArithmeticOperator(symbol: "*=", operation: 0x20, isSigned: false),
        ArithmeticOperator(symbol: "/=", operation: 0x30, isSigned: false),
        ArithmeticOperator(symbol: "|=", operation: 0x40, isSigned: false),
        ArithmeticOperator(symbol: "&=", operation: 0x50, isSigned: false),
        ArithmeticOperator(symbol: "%=", operation: 0x90, isSigned: false),
        ArithmeticOperator(symbol: "^=", operation: 0xa0, isSigned: false),
    ]

    /// The operator of an instruction, or `nil` when its operation has none.
    static func of(_ insn: Instruction) -> ArithmeticOperator? {
        let operation = insn.code & Opcode.operationMask
        let isDivision = operation == 0x30 || operation == 0x90
        let isSigned = isDivision && insn.off == 1
        return all.first { $0.operation == operation && $0.isSigned == isSigned }
    }
}

/// A comparison of a conditional jump and its operation bits.
struct Comparison {
    var symbol: String
    var operation: UInt8

    /// All comparisons; no symbol is a prefix of a later one.
    ///
    /// - Source: RFC 9669, section 4.3
    static let all: [Comparison] = [
        Comparison(symbol: "s>=", operation: 0x70), Comparison(symbol: "s<=", operation: 0xd0),
        Comparison(symbol: "s>", operation: 0x60), Comparison(symbol: "s<", operation: 0xc0),
        Comparison(symbol: "==", operation: 0x10), Comparison(symbol: "!=", operation: 0x50),
        Comparison(symbol: ">=", operation: 0x30), Comparison(symbol: "<=", operation: 0xb0),
        Comparison(symbol: ">", operation: 0x20), Comparison(symbol: "<", operation: 0xa0),
        Comparison(symbol: "&", operation: 0x40),
    ]
}

/// An atomic operation with an operator and a fetching form.
struct AtomicOperator {
    var symbol: String
    var name: String
    var imm: Int32

    /// All operations; ``fetch`` in `imm` selects the fetching form.
    ///
    /// - Source: RFC 9669, section 5.3
    static let all: [AtomicOperator] = [
        AtomicOperator(symbol: "+=", name: "add", imm: 0x00), AtomicOperator(symbol: "|=", name: "or", imm: 0x40),
        AtomicOperator(symbol: "&=", name: "and", imm: 0x50), AtomicOperator(symbol: "^=", name: "xor", imm: 0xa0),
    ]

    static let fetch: Int32 = 0x01
    static let exchange: Int32 = 0xe1
    static let compareExchange: Int32 = 0xf1
    /// - Source: `include/uapi/linux/bpf.h`, Linux 6.15
    static let loadAcquire: Int32 = 0x100
    static let storeRelease: Int32 = 0x110
}

/// The size of a load or store.
struct AccessSize {
    var name: String
    /// The size bits of the code.
    var bits: UInt8
    /// True if a load extends the sign.
    var isSigned: Bool

    static let all: [AccessSize] = [
        AccessSize(name: "u8", bits: 0x10, isSigned: false), AccessSize(name: "u16", bits: 0x08, isSigned: false),
        AccessSize(name: "u32", bits: 0x00, isSigned: false), AccessSize(name: "u64", bits: 0x18, isSigned: false),
        AccessSize(name: "s8", bits: 0x10, isSigned: true), AccessSize(name: "s16", bits: 0x08, isSigned: true),
        AccessSize(name: "s32", bits: 0x00, isSigned: true),
    ]

    /// The bits of a code that hold the size.
    static let mask: UInt8 = 0x18

    var isDouble: Bool { bits == 0x18 }

    /// The unsigned size of a code.
    static func of(_ code: UInt8) -> AccessSize { all.first { $0.bits == code & mask }! }
}
