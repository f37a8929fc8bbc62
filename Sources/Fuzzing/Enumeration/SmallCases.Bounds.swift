import BPF

extension SmallCases {
    /// The bounds of an enumeration.
    package struct Bounds: Hashable, Sendable {
        /// The slots of the program and of all patches together.
        ///
        /// - Units: slots
        package var slots: Int
        package var edits: Int
        /// The slots of the program, or `nil` for no other bound than ``slots``.
        ///
        /// - Units: slots
        package var program: Int?
        /// The slots of one patch, or `nil` for no other bound than ``slots``.
        ///
        /// - Units: slots
        package var patch: Int?
        package var hasLines = true
        package var hasSubprograms = true
        package var kinds = Set(Kind.allCases)
        /// True to include malformed passes, which no patcher gets: edits in any order up to one slot outside of the
        /// program, any `keep` and `skip`, and jumps and refs that reach one slot too far.
        package var hasMalformed = false

        package init(slots: Int, edits: Int) {
            self.slots = slots
            self.edits = edits
        }

        /// The slots past an end that a malformed pass reaches.
        var beyond: Int { hasMalformed ? 1 : 0 }
    }

    /// The kinds of instructions that the rules or patchers distinguish.
    package enum Kind: CaseIterable, Sendable {
        /// No jump.
        case plain
        /// A call of a kernel function, which is not adjusted.
        case kfunc
        case goto, conditional, conditional32, mayGoto
        /// A jump with 32 bits of offset.
        case gotol
        /// A call of a subprogram.
        case call
        /// `ld_imm64`.
        case wide
        /// The address of a subprogram: a call in two slots.
        case function

        /// - Units: slots
        var width: Int { self == .wide || self == .function ? 2 : 1 }
        var isCall: Bool { self == .call || self == .function }
        var isJump: Bool {
            switch self {
            case .goto, .conditional, .conditional32, .mayGoto, .gotol: true
            case .plain, .kfunc, .call, .wide, .function: false
            }
        }

        /// An instruction of the kind without an offset; the marker is in a field without one.
        func instruction(marker: Int) -> Instruction {
            let imm = Int32(marker)
            let off = Int16(marker)
            return switch self {
            case .plain: Instruction(code: Opcode.movImmediate64, imm: imm)
            case .kfunc: Instruction(code: Opcode.call, src: 2, imm: imm)
            case .goto: Instruction(code: Opcode.ja, imm: imm)
            case .conditional: Instruction(code: Opcode.jumpClass | 0x10, dst: 1, imm: imm)
            case .conditional32: Instruction(code: Opcode.jump32Class | 0x10, dst: 1, imm: imm)
            case .mayGoto: Instruction(code: Opcode.mayGoto, imm: imm)
            case .gotol: Instruction(code: Opcode.gotol, off: off)
            case .call: Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: off)
            case .wide: Instruction(code: Opcode.loadImmediate64, imm: imm)
            case .function: Instruction(code: Opcode.loadImmediate64, src: Opcode.pseudoFunction, off: off)
            }
        }
    }
}
