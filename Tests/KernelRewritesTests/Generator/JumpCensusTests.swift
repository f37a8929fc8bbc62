import BPF
import Fuzzing
import KernelModel
import Testing

@testable import KernelRewrites

/// Every kind of conditional jump occurs at every border, decided and undecided.
@Suite struct JumpCensusTests {
    /// The place of a jump's target.
    enum Border: String, CaseIterable {
        case start = "the first instruction of the subprogram"
        case first = "a rewritten instruction"
        case behind = "the instruction after a rewritten one"
        case plain = "another live instruction"
        case dead = "a dead instruction"
    }

    /// The knowledge of the verifier about a jump.
    enum Outcome: String, CaseIterable { case undecided, always, never }

    /// A cell of the table.
    struct Cell: Hashable, CustomStringConvertible {
        var operation: UInt8
        var is32: Bool
        var isRegister: Bool
        var border: Border
        var outcome: Outcome
        var description: String {
            "\(Condition(rawValue: operation).map { "\($0)" } ?? "?") \(is32 ? 32 : 64) \(isRegister ? "reg" : "imm") "
                + "\(outcome.rawValue) to \(border.rawValue)"
        }
    }

    private static let operations: [Condition] = [
        .equal, .greater, .greaterOrEqual, .set, .notEqual, .signedGreater, .signedGreaterOrEqual, .less, .lessOrEqual,
        .signedLess, .signedLessOrEqual,
    ]

    /// The jumps of some programs, by cell.
    private func census(_ profiles: [ProgramProfile], count: UInt64) -> [Cell: Int] {
        var generator = KernelProgramGenerator(seed: 5, profiles: profiles, facts: .whole)
        var cells: [Cell: Int] = [:]
        for index in 0..<count {
            let made = generator.make(index: index)
            let program = made.loadable.program
            let insns = program.insns
            let starts = Set(program.subprograms.map { Int($0.start) })
            let verdicts = Dictionary(made.verdicts.map { ($0.slot, $0.verdict) }) { one, _ in one }
            func isRewritten(_ slot: Int) -> Bool {
                guard insns.indices.contains(slot) else { return false }
                return !made.live[slot] || insns[slot].isRewrittenByAnyKernel
            }
            for slot in insns.indices where made.live[slot] {
                let insn = insns[slot]
                let isConditional = [Opcode.jumpClass, Opcode.jump32Class].contains(insn.code & Opcode.classMask)
                guard isConditional, Self.operations.contains(where: { $0.rawValue == insn.code & 0xf0 }) else {
                    continue
                }
                let target = slot + 1 + Int(insn.off)
                let border: Border =
                    starts.contains(target)
                    ? .start
                    : !made.live[target]
                        ? .dead : isRewritten(target) ? .first : isRewritten(target - 1) ? .behind : .plain
                let outcome: Outcome =
                    switch verdicts[slot] {
                    case .always: .always
                    case .never: .never
                    default: .undecided
                    }
                let cell = Cell(
                    operation: insn.code & 0xf0, is32: insn.code & Opcode.classMask == Opcode.jump32Class,
                    isRegister: insn.code & Opcode.registerOperand != 0, border: border, outcome: outcome)
                cells[cell, default: 0] += 1
            }
        }
        return cells
    }

    /// The cells for some borders and outcomes; a jump that is always taken has a live target, and no loop without end.
    private func cells(_ borders: [Border], _ outcomes: [Outcome]) -> [Cell] {
        var cells: [Cell] = []
        for operation in Self.operations {
            for is32 in [false, true] {
                for isRegister in [false, true] {
                    for border in borders {
                        for outcome in outcomes where outcome == .never || border != .dead {
                            if outcome == .always && border == .start { continue }
                            cells.append(
                                Cell(
                                    operation: operation.rawValue, is32: is32, isRegister: isRegister, border: border,
                                    outcome: outcome))
                        }
                    }
                }
            }
        }
        return cells
    }

    @Test func noCellIsEmptyForAllProfiles() {
        let found = census(ProgramProfile.allCases.filter { $0 != .far }, count: 6000)
        let empty = cells(Border.allCases, Outcome.allCases).filter { found[$0] == nil }
        #expect(empty.isEmpty, "seed 5: \(empty.map(\.description).joined(separator: "; "))")
    }

    @Test(arguments: ProgramProfile.allCases.filter { $0 != .far }) func noCellIsEmptyFor(_ profile: ProgramProfile) {
        let found = census([profile], count: 1500)
        let needed: [Cell] =
            switch profile {
            case .deadCode: cells(Border.allCases.filter { $0 != .start }, Outcome.allCases) + cells([.start], [.never])
            case .mayGoto: cells([.start, .plain, .first, .behind], [.undecided])
            default: cells([.plain], [.undecided])
            }
        let empty = needed.filter { found[$0] == nil }
        #expect(empty.isEmpty, "seed 5: \(empty.map(\.description).joined(separator: "; "))")
    }

    /// Every part of a context field is loaded that may be, with and without its sign.
    @Test func everyPartOfAFieldIsLoaded() {
        let facts = KernelFacts(
            release: "6.18.0", features: Set(KernelFeature.allCases), programTypes: [.schedCLS],
            functions: Set(KernelFacts.knownFunctions))
        var generator = KernelProgramGenerator(seed: 5, profiles: [.context], facts: facts)
        var found: Set<UInt32> = []
        func key(_ code: UInt8, _ off: Int16) -> UInt32 { UInt32(code) << 16 | UInt32(UInt16(bitPattern: off)) }
        for index in 0..<6000 {
            for insn in generator.make(index: UInt64(index)).loadable.program.insns
            where insn.code & Opcode.classMask == Opcode.loadClass && insn.src == 6 {
                found.insert(key(insn.code, insn.off))
            }
        }
        for field in ContextField.schedCLS {
            let sizes: [Int16] = field.isNarrow ? [1, 2, 4, 8].filter { $0 <= field.size } : [field.size]
            for size in sizes {
                for off in stride(from: field.off, to: field.off + field.size, by: Int(size)) {
                    let code: UInt8 = [1: 0x71, 2: 0x69, 4: 0x61, 8: 0x79][size] ?? 0
                    #expect(found.contains(key(code, off)), "\(size) bytes at \(off)")
                    // 0x60 is MEM, 0x80 is MEMSX.
                    if size < 8 { #expect(found.contains(key(code ^ 0xe0, off)), "\(size) bytes at \(off), signed") }
                }
            }
        }
    }
}

extension Instruction {
    /// True for instructions that every kernel rewrites or removes.
    fileprivate var isRewrittenByAnyKernel: Bool {
        switch code {
        case Opcode.mayGoto: true
        case Opcode.ja: off == 0
        case Opcode.call where src == 0: [1, 8, 118, 170, 194].contains(imm)
        case Opcode.call where src == Opcode.pseudoKernelFunction: true
        // Division and modulo by a register.
        case 0x3f, 0x9f, 0x3c, 0x9c: true
        default: code & 0xe0 == 0x20 && code & 7 == 0 || code & 0xe0 == 0x40 && code & 7 == 0
        }
    }
}
