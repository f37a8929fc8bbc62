import BPF
import Fuzzing
import Patching
import Testing

/// What is written must be read back as it was, and written the same again.
@Suite struct CaseFileRoundTripTests {
    /// Whether a case survives both formats; records the first difference.
    private func survives(_ c: Case, _ context: String) throws -> Bool {
        let text = CaseFile.print(c)
        let back = try CaseFile.parse(text, file: context)
        guard back == c.withPlaceholdersCleared() else {
            Issue.record("\(context): read back differently\n\(text)\n\(CaseFile.print(back))")
            return false
        }
        guard CaseFile.print(back) == text else {
            Issue.record("\(context): written differently the second time\n\(text)")
            return false
        }
        var plain = c
        (plain.target, plain.bucket, plain.origin) = (nil, nil, nil)
        let line = ScriptLine.print(plain)
        let fromLine = try ScriptLine.parse(line, file: context, number: 1)
        guard fromLine == plain, ScriptLine.print(fromLine) == line else {
            Issue.record("\(context): the line is read back differently\n\(line)")
            return false
        }
        return true
    }

    @Test(arguments: Vectors.files) func vectors(file: String) throws {
        let cases = try Vectors.cases(of: file)
        #expect(cases.count > 50)
        for c in cases where try !survives(c, "\(file), \(c.name)") { return }
    }

    @Test func hostileCases() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of CaseFileRoundTripTests.hostileCases: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for number in 0..<4000 where try !survives(HostileCase.make(&numbers), "seed \(seed), case \(number)") {
            return
        }
    }

    @Test func farCasesAreShort() throws {
        for c in try Vectors.cases(of: "far.jsonl") {
            let clock = ContinuousClock()
            var text = ""
            let took = try clock.measure {
                text = CaseFile.print(c)
                _ = try CaseFile.parse(text, file: c.name)
            }
            #expect(text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) < 150, "\(c.name)")
            // A debug build on a busy machine; release takes about a hundredth of it.
            #expect(took < .seconds(2), "\(c.name)")
        }
    }

    /// A run ends where counting up would not go on.
    @Test func runsAtTheLimits() throws {
        let imms = (Int32.max - 9...Int32.max) + [.min, .min + 1] + (-9...9) + (Int32.max - 7...Int32.max)
        let insns = imms.map { Instruction(code: 0xb7, dst: 1, imm: $0) }
        for first in [0, 7, UInt32.max - 5] {
            let aux = (0..<UInt32(insns.count)).map { first == 0 ? 0 : first &+ $0 }
            let c = Case(program: Program(insns: insns, aux: aux), passes: [])
            _ = try survives(c, "first aux word \(first)")
            if first != .max - 5 { #expect(CaseFile.print(c).split(separator: ".fill").count == 4) }
        }
    }

    @Test func placeholdersBecomeZero() throws {
        let insn = Instruction(code: 0x05, off: 9)
        let edit = Edit(
            off: InputIndex(0), remove: 1, patch: [insn, insn], keep: PatchIndex(0),
            refs: [Ref(from: PatchIndex(1), to: InputIndex(0))])
        let c = Case(program: Program(insns: [insn]), passes: [Pass(edits: [edit])])
        let back = try CaseFile.parse(CaseFile.print(c), file: "c")
        #expect(back.passes[0].edits == [edit.withPlaceholdersCleared()])
        #expect(back.passes[0].edits[0].patch == [.zero, Instruction(code: 0x05)])
    }
}
