import BPF
import TestSupport
import Testing

/// Instructions are bit for bit the same after they are printed and assembled.
@Suite struct AssemblyRoundTripTests {
    static let registers: [UInt8] = [0x00, 0x10, 0x20, 0x40, 0x9a, 0xff]
    static let offs: [Int16] = [0, 1, 8, 16, 32, .max, .min]
    static let imms: [Int32] = [0, 1, 16, 32, 64, 0x41, 0x50, 0xa0, 0xe1, 0xf1, 0x100, 0x110, -1, .max, .min]

    /// Assembles a printed instruction; records an issue if that fails.
    private func reread(_ text: String) -> Statement? {
        do throws(AssemblyError) {
            return try Assembler.statement(text)
        } catch {
            Issue.record("`\(text)` cannot be assembled: \(error)")
            return nil
        }
    }

    @Test func everyOpcode() {
        var failures = 0
        for code in UInt8.min...UInt8.max {
            for registers in Self.registers {
                for off in Self.offs {
                    for imm in Self.imms where failures < 10 {
                        let insn = Instruction(code: code, registers: registers, off: off, imm: imm)
                        let text = Disassembler.text(of: insn)
                        guard let statement = reread(text) else { return }
                        if statement.insn != insn || statement.secondSlot != nil || statement.target != nil {
                            failures += 1
                            Issue.record("\(insn) became `\(text)` and then \(statement.insn)")
                        }
                    }
                }
            }
        }
    }

    @Test func everyWideLoad() {
        var failures = 0
        for registers in Self.registers {
            for nextRegisters in [0, 0x01, 0xff] as [UInt8] {
                for off in [0, 1, -1] as [Int16] {
                    for nextOff in [0, 7, .min] as [Int16] {
                        for imm in Self.imms {
                            for nextImm in Self.imms where failures < 10 {
                                let insn = Instruction(code: 0x18, registers: registers, off: off, imm: imm)
                                let next = Instruction(
                                    code: 0, registers: nextRegisters, off: nextOff, imm: nextImm)
                                let text = Disassembler.text(of: insn, secondSlot: next)
                                guard let statement = reread(text) else { return }
                                if statement.insn != insn || statement.secondSlot != next {
                                    failures += 1
                                    Issue.record("\(insn) \(next) became `\(text)`, then \(statement)")
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func halfAWideLoadIsOneSlot() {
        let insn = Instruction(code: 0x18, dst: 1, src: 4, off: 3, imm: -2)
        for next in [nil, Instruction(code: 0xb7)] as [Instruction?] {
            let text = Disassembler.text(of: insn, secondSlot: next)
            #expect(text == "insn 0x18 dst 1 src 4 off 3 imm -2")
            #expect(Disassembler.width(of: insn, secondSlot: next) == 1)
        }
    }

    /// A target that is a label is read back as a label, and its offset field is 0.
    @Test func everyTargetByName() throws {
        let names: [JumpTarget] = [.label("L3"), .inputIndex(7), .inputLabel("loop"), .out, .label("_x9")]
        for code in UInt8.min...UInt8.max {
            for src in [0, 1, 4] as [UInt8] {
                for target in names {
                    var insn = Instruction(code: code, dst: 3, src: src, off: 11, imm: 12)
                    let kind = insn.jumpKind
                    let second = code == 0x18 ? Instruction(code: 0, imm: 5) : nil
                    for next in [second, nil] {
                        let text = Disassembler.text(of: insn, secondSlot: next) { _ in target }
                        let statement = try Assembler.statement(text)
                        _ = insn.setJumpOffset(0, kind)
                        #expect(statement.insn == insn, "`\(text)`")
                        #expect(statement.target == (kind == .none ? nil : target), "`\(text)`")
                        #expect(statement.secondSlot == next, "`\(text)`")
                        _ = insn.setJumpOffset(kind == .short ? 11 : 12, kind)
                    }
                }
            }
        }
    }

    @Test func randomBits() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of AssemblyRoundTripTests.randomBits: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<20_000 {
            let insn = Instruction(bits: numbers.next())
            let text = Disassembler.text(of: insn)
            guard let statement = reread(text) else { return }
            if statement.insn != insn {
                Issue.record("\(insn) became `\(text)`")
                return
            }
        }
    }
}
