import BPF
import Patching
import TestSupport
import Testing

@testable import Fuzzing

/// Parts of the oracle compared with other implementations of the same rules.
struct OracleTests {
    /// For every code and source, the oracle's jump table equals that of the patchers.
    @Test func jumpTablesAgree() {
        let reading = JumpReading()
        var jumps = 0
        for code in 0..<256 {
            for src in 0..<16 {
                let insn = Instruction(code: UInt8(code), src: UInt8(src))
                let expected: JumpReading.Field =
                    switch insn.jumpKind {
                    case .none: .none
                    case .short: .off
                    case .long: .imm
                    case .call, .function: .callee
                    }
                #expect(reading.table[insn] == expected, "code \(code), src \(src)")
                jumps += expected == .none ? 0 : 1
            }
        }
        // 2 classes of 14 operations in 2 forms, except gotox, with any source; a pseudo call; a pseudo function.
        #expect(jumps == (2 * 14 * 2 - 1) * 16 + 2)
    }

    /// A small program with many jumps and calls, in two subprograms.
    private func smallProgram(_ numbers: inout SeededNumbers) -> Program {
        let count = Int.random(in: 3...7, using: &numbers)
        let start = Int.random(in: 1..<count, using: &numbers)
        let insns = (0..<count).map { slot in
            let home = slot < start ? 0..<start : start..<count
            let target = Int.random(in: home, using: &numbers)
            let callee = Bool.random(using: &numbers) ? start : 0
            switch Int.random(in: 0...5, using: &numbers) {
            case 0, 1: return Instruction(code: Opcode.movImmediate64)
            case 2: return Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: Int32(callee - slot - 1))
            default: return Instruction(code: Opcode.ja, off: Int16(target - slot - 1))
            }
        }
        let subprograms = [Subprogram(start: 0, id: 0), Subprogram(start: UInt32(start), id: 1)]
        return Program(insns: insns, subprograms: subprograms)
    }

    /// Random edits, which may remove landings.
    private func edits(_ numbers: inout SeededNumbers, count: Int) -> Pass {
        let plain = Instruction(code: Opcode.movImmediate64)
        var edits: [Edit] = []
        var off = Int.random(in: 0...1, using: &numbers)
        while off < count {
            let patch = Int.random(in: 0...2, using: &numbers) == 0 ? [plain] : []
            let remove = min(Int.random(in: patch.isEmpty ? 1...3 : 0...2, using: &numbers), count - off)
            let keeps = remove == 1 && !patch.isEmpty && Bool.random(using: &numbers)
            edits.append(
                Edit(
                    off: InputIndex(off), remove: UInt32(remove), patch: patch, keep: keeps ? PatchIndex(0) : nil))
            off += max(remove, 1) + Int.random(in: 0...1, using: &numbers)
        }
        return Pass(edits: edits)
    }

    /// The shortcut for passes with a refused prefix agrees with trying every prefix.
    @Test func refusedPrefixesAreFound() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of OracleTests.refusedPrefixesAreFound: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let program = ProgramBuffer()
        let passes = PassBuffer()
        var whole = Expectation()
        var step = Expectation()
        var (accepted, refused) = (0, 0)
        for number in 0..<100_000 {
            program.load(smallProgram(&numbers))
            let input: ProgramImage<InputIndex> = program.image()
            passes.load(edits(&numbers, count: input.insnCount))
            let pass = passes.image
            whole.compute(pass, on: input)
            if whole.status == .einval { continue }
            accepted += 1
            let found = StepwisePrefixes(pass: pass, input: input, expectation: whole).hasRefused()
            var expected = false
            for count in 1..<max(pass.editCount, 1) where !expected {
                step.compute(pass.prefix(count), on: input)
                expected = step.status == .einval
            }
            guard found == expected else {
                Issue.record(
                    "seed \(seed), pass \(number): \(found) instead of \(expected)\n\(Program(input)) \(Pass(pass))")
                return
            }
            refused += expected ? 1 : 0
        }
        #expect(accepted > 10_000 && refused > 500, "seed \(seed): \(refused) of \(accepted)")
    }

    /// A skipped insertion is one step. A jump whose offset would overflow if it entered the insertion is accepted.
    @Test func skippedInsertionDoesNotOverflowInBetween() throws {
        var insns = (0..<32_768).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) }
        insns[32_767] = Instruction(code: Opcode.ja, off: -32_768)
        let patch = [Instruction(code: Opcode.movImmediate64, imm: -1)]
        for (skip, status) in [(true, PatchStatus.accepted), (false, .erange)] {
            let pass = Pass(edits: [Edit(off: InputIndex(0), remove: 0, patch: patch, skip: skip)])
            var runner = CaseRunner([KernelArray(), DeltaArray()])
            let outcome = try runner.run(Case(program: Program(insns: insns), passes: [pass]))
            #expect(outcome.status == status && outcome.findings.isEmpty, "\(skip)")
        }
    }
}

/// A result with one wrong field leads to a finding with the broken rule and its position.
struct BrokenRuleTests {
    /// Returns the right result with one change.
    private final class Tamperer: Patcher {
        let name = "tamperer"
        private let right = FaultyPatcher(nil)
        private let bend: (inout Program) -> Void
        private let status: PatchStatus

        init(status: PatchStatus = .accepted, _ bend: @escaping (inout Program) -> Void) {
            self.bend = bend
            self.status = status
        }

        func apply(
            _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
        ) -> PatchStatus {
            _ = right.apply(pass, to: input, into: output)
            var program = Program(output.image(as: OutputIndex.self))
            bend(&program)
            output.load(program)
            return status
        }
    }

    /// A change, and the rule and place of its finding.
    struct Row: Sendable, CustomStringConvertible {
        var rule: BrokenRule
        var place: Int
        var status = PatchStatus.accepted
        var bucket: String
        var bend: @Sendable (inout Program) -> Void
        var description: String { bucket }
    }

    static let rows = [
        Row(rule: .error, place: 0, status: .einval, bucket: "accepted-became-einval/insert") { _ in },
        Row(rule: .error, place: 0, status: .erange, bucket: "accepted-became-erange/insert") { _ in },
        Row(rule: .layout, place: 2, bucket: "alu64/insert") { $0.insns.swapAt(2, 4) },
        Row(rule: .layout, place: 6, bucket: "exit/insert") {
            $0.insns.removeLast()
            $0.aux.removeLast()
        },
        Row(rule: .layout, place: 7, bucket: "alu64/insert") {
            $0.insns.append(Instruction(code: 0xb7))
            $0.aux.append(0)
        },
        Row(rule: .encoding, place: 3, bucket: "alu64/insert") { $0.insns[3].dst = 5 },
        Row(rule: .encoding, place: 6, bucket: "exit/insert") { $0.insns[6].off = 1 },
        Row(rule: .wrongLanding, place: 0, bucket: "ja-forward/insert") { $0.insns[0].off = 1 },
        Row(rule: .wrongLanding, place: 4, bucket: "call-forward/none") { $0.insns[4].imm = 0 },
        Row(rule: .aux, place: 2, bucket: "alu64/insert") { $0.aux[2] = 12 },
        Row(rule: .aux, place: 5, bucket: "alu64/insert") { $0.aux[5] = 0 },
        Row(rule: .subprogram, place: 1, bucket: "start/insert") { $0.subprograms[1].start = 5 },
        Row(rule: .subprogram, place: 1, bucket: "start/insert") { $0.subprograms[1].id = 1 },
        Row(rule: .subprogram, place: 1, bucket: "missing/insert") { $0.subprograms.removeLast() },
        Row(rule: .line, place: 1, bucket: "record/insert") { $0.lines[1].insnOff = 3 },
        Row(rule: .line, place: 0, bucket: "record/insert") { $0.lines[0].id = 1 },
        Row(rule: .line, place: 2, bucket: "extra/insert") { $0.lines.append(LineRecord(insnOff: 6, id: 9)) },
    ]

    /// A jump over an insertion, a call to the second subprogram, and line records on both sides.
    private static let c: Case = {
        func plain(_ imm: Int32) -> Instruction { Instruction(code: Opcode.movImmediate64, imm: imm) }
        let insns = [
            Instruction(code: Opcode.ja, off: 1, imm: 90), plain(1), plain(2),
            Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: 91, imm: 1), plain(4),
            Instruction(code: Opcode.exit, imm: 92),
        ]
        let program = Program(
            insns: insns, aux: [10, 11, 12, 13, 14, 15],
            subprograms: [Subprogram(start: 0, id: 100), Subprogram(start: 5, id: 101)],
            lines: [LineRecord(insnOff: 0, id: 500), LineRecord(insnOff: 3, id: 503)])
        return Case(
            program: program, passes: [Pass(edits: [Edit(off: InputIndex(1), remove: 0, patch: [plain(50)])])])
    }()

    @Test(arguments: rows) func wrongResultBreaksItsRule(_ row: Row) throws {
        var runner = CaseRunner([Tamperer(status: row.status, row.bend)])
        let findings = try runner.run(BrokenRuleTests.c).findings
        #expect(findings.count == 1)
        #expect(findings.first?.rule == row.rule)
        #expect(findings.first?.place == row.place)
        #expect(findings.first?.bucket == "tamperer/\(row.rule.rawValue)/\(row.bucket)")
    }

    /// The other rules do not concern a single result: an ill-formed expectation, correct results that differ, a
    /// missing answer, a violation of the C ABI, or an unknown rewrite of a kernel.
    @Test func everyRuleOfAResultIsInTheTable() {
        let others: Set<BrokenRule> = [
            .illFormed, .disagreement, .crash, .hang, .memory, .wildWrite, .inputWritten, .badStatus, .unsteady,
            .notUnderstood, .execution, .kernelLog,
        ]
        #expect(Set(BrokenRuleTests.rows.map(\.rule)).union(others) == Set(BrokenRule.allCases))
    }

    @Test func rightResultBreaksNoRule() throws {
        var runner = CaseRunner([Tamperer { _ in }])
        #expect(try runner.run(BrokenRuleTests.c).findings.isEmpty)
    }
}
