import BPF
import Fuzzing
import Patching
import TestSupport
import Testing

/// Cases survive printing and parsing, and are printed the same again.
@Suite struct CaseFileRoundTripTests {
    /// Returns true if a case survives both formats; records the first difference.
    private static func survives(_ c: Case, _ context: String) throws -> Bool {
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
        (plain.sentence, plain.detail) = (nil, nil)
        (plain.conditions, plain.comment) = (Case.Conditions(), nil)
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
        for c in cases where try !Self.survives(c, "\(file), \(c.name)") { return }
    }

    @Test func hostileCases() throws { try Self.checkHostileCases(1500) }

    /// Checks that random cases, most of them ill formed, survive both formats.
    static func checkHostileCases(_ count: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of CaseFileRoundTripTests.hostileCases: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for number in 0..<count where try !survives(HostileCase.make(&numbers), "seed \(seed), case \(number)") {
            return
        }
    }

    @Test func farCasesAreShort() throws {
        for c in try Vectors.cases(of: "far.jsonl") {
            let text = CaseFile.print(c)
            #expect(text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) < 150, "\(c.name)")
        }
    }

    /// The cost of both formats is linear in the length of the program.
    ///
    /// At eight times the length, a quadratic format would cost 64 times as much. The ratio of processor times of one thread
    /// does not depend on the speed or load of the machine.
    @Test func costIsLinear() throws {
        func cost(_ count: Int32) throws -> Double {
            var insns = (0..<count).map { Instruction(code: Opcode.movImmediate64, dst: 1, imm: $0) }
            for slot in stride(from: 0, to: insns.count - 32_767, by: 4096) {
                insns[slot] = Instruction(code: Opcode.ja, off: 32_700)
            }
            let edit = Edit(off: InputIndex(20_000), remove: 1, patch: [insns[1], insns[2]])
            let c = Case(program: Program(insns: insns), passes: [Pass(edits: [edit])])
            return try (0..<3).map { _ in
                let start = ThreadClock.now
                let isSame = try CaseFile.parse(CaseFile.print(c), file: "long").program == c.program
                #expect(isSame)
                return ThreadClock.now - start
            }.min() ?? 0
        }
        let (short, long) = (try cost(32_768), try cost(262_144))
        #expect(long < short * 24, "\(short) s for 32,768 slots, \(long) s for 262,144")
    }

    /// A run of counting words ends before the counter overflows.
    @Test func runsAtTheLimits() throws {
        let imms = (Int32.max - 9...Int32.max) + [.min, .min + 1] + (-9...9) + (Int32.max - 7...Int32.max)
        let insns = imms.map { Instruction(code: 0xb7, dst: 1, imm: $0) }
        for first in [0, 7, UInt32.max - 5] {
            let aux = (0..<UInt32(insns.count)).map { first == 0 ? 0 : first &+ $0 }
            let c = Case(program: Program(insns: insns, aux: aux), passes: [])
            _ = try Self.survives(c, "first aux word \(first)")
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

/// The same for more random cases.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct CaseFileEnduranceTests {
    @Test func hostileCases() throws { try CaseFileRoundTripTests.checkHostileCases(20_000) }
}
