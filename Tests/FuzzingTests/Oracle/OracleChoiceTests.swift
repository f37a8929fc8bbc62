import BPF
import Patching
import Testing

@testable import Fuzzing

/// Fuzzing with the reference as the oracle.
@Suite struct OracleChoiceTests {
    private static let seed: UInt64 = 1

    /// All findings of a range of cases, with their details.
    private static func findings(
        _ patchers: [any Patcher], _ oracle: Oracle, _ indices: Range<UInt64>
    ) -> [UInt64: [Finding]] {
        var fuzzer = Fuzzer(seed: seed, patchers: patchers, oracle: oracle)
        var found: [UInt64: [Finding]] = [:]
        for index in indices where !fuzzer.run(index: index) { found[index] = fuzzer.findings }
        return found
    }

    /// Both oracles have the same findings: buckets, sentences, places and details.
    @Test(arguments: RuleFault.near) func plantedFaultsAreTheSame(_ fault: RuleFault) {
        let fast = Self.findings([FaultyPatcher(fault)], .fast, 0..<100)
        #expect(Self.findings([FaultyPatcher(fault)], .reference, 0..<100) == fast, "\(fault), seed \(Self.seed)")
    }

    /// A correct stepwise patcher runs and skips the same passes with both oracles.
    @Test func stepwisePatchersAreTreatedAlike() {
        let given = Oracle.allCases.map { oracle in
            let patcher = LimitedPatcher([.delete, .insert, .range, .stepwise])
            // It returns ERANGE if any prefix might overflow.
            patcher.answer = { $0 == .accepted ? .accepted : .erange }
            let found = Self.findings([patcher, KernelArray()], oracle, 0..<3_000)
            #expect(found.isEmpty, "\(oracle), seed \(Self.seed): \(found)")
            return patcher.given
        }
        #expect(given[0] == given[1] && given[0] > 500, "\(given)")
    }

    /// A stepwise patcher runs no pass with a refused prefix, and may overflow only if a prefix does.
    @Test(arguments: Oracle.allCases) func stepwisePatchersAreExcused(_ oracle: Oracle) {
        let plain = Instruction(code: Opcode.movImmediate64)
        func jump(_ off: Int16) -> Instruction { Instruction(code: Opcode.ja, off: off) }
        func insert(_ off: Int) -> Edit { Edit(off: InputIndex(off), remove: 0, patch: [plain]) }
        func delete(_ off: Int) -> Edit { Edit(off: InputIndex(off), remove: 1) }
        let replacement = Edit(off: InputIndex(0), remove: 2, patch: [plain])
        let far = Array(repeating: plain, count: 32_769) + [jump(-32_768)]
        let rows: [(insns: [Instruction], edits: [Edit], isGiven: Bool, buckets: [String])] = [
            ([plain, plain, jump(-2), plain], [replacement, delete(2)], false, []),
            ([jump(0), plain], [delete(1)], false, []),
            (far, [insert(5), delete(10)], true, []),
            (far, [delete(5), insert(10)], true, ["limited/error/accepted-became-erange/delete"]),
        ]
        for (number, row) in rows.enumerated() {
            let patcher = LimitedPatcher(.everything.union(.stepwise))
            patcher.answer = { _ in .erange }
            var comparison = PatcherComparison([patcher], oracle: oracle)
            let (input, pass) = (ProgramBuffer(), PassBuffer())
            input.load(Program(insns: row.insns))
            pass.load(Pass(edits: row.edits))
            comparison.begin(input.image())
            _ = comparison.run(pass.image, isLast: true)
            // A patcher with a wrong answer runs again.
            #expect(
                (patcher.given > 0) == row.isGiven && comparison.findings.map(\.bucket) == row.buckets, "row \(number)")
        }
    }

    /// A wrong result of the fast oracle is a finding in an `oracle` bucket. The reference result replaces it.
    @Test func aWrongFastOracleIsAFinding() throws {
        let plain = Instruction(code: Opcode.movImmediate64, imm: 1)
        let program = Program(insns: [plain, Instruction(code: Opcode.ja, off: 0), plain])
        func patch(_ imm: Int32, remove: UInt32 = 1) -> Pass {
            var insn = plain
            insn.imm = imm
            return Pass(edits: [Edit(off: InputIndex(0), remove: remove, patch: [insn])])
        }
        let dangling = Pass(edits: [Edit(off: InputIndex(2), remove: 1)])
        let malformed = patch(7, remove: 4)
        let rows: [(computed: Pass, pass: Pass, bucket: String?)] = [
            (patch(7), patch(7), nil), (patch(8), patch(7), "oracle/layout/alu64/patch"),
            (malformed, patch(7), "oracle/error/accepted-became-einval/patch"),
            (patch(7), malformed, "oracle/error/einval-became-accepted/replace"),
            (malformed, dangling, "oracle/error/einval-became-einval/delete"), (dangling, dangling, nil),
        ]
        for row in rows {
            var comparison = PatcherComparison([], oracle: .reference)
            let (input, buffer) = (ProgramBuffer(), PassBuffer())
            input.load(program)
            comparison.begin(input.image())
            buffer.load(row.computed)
            comparison.expectation.compute(buffer.image, on: input.image())
            buffer.load(row.pass)
            comparison.judgeByReference(buffer.image, input.image())
            #expect(comparison.findings.map(\.bucket) == (row.bucket.map { [$0] } ?? []))
            let right = Reference.result(of: row.pass, on: program)
            switch right {
            case .program(let result):
                #expect(Program(comparison.expectation.program.image(as: OutputIndex.self)) == result)
            case .error(let refusal): #expect(comparison.expectation.status == refusal.status)
            }
        }
    }
}
