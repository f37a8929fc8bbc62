import BPF
import Fuzzing
import Patching
import Testing

/// Properties of the minimizer, on findings of campaigns against planted faults.
struct MinimizerTests {
    private static let faults: [RuleFault] = [
        .backJumpStrict, .startStrict, .inheritsFirst, .refLeavesSubprogram, .deletionCrossesSubprogram, .auxOnFirst,
        .skipNotForOwnJumps, .gotolForgotten,
    ]

    /// The first findings of a campaign, each with its seed and index.
    private func findings(_ fault: RuleFault, seed: UInt64) -> [(c: Case, bucket: String)] {
        var fuzzer = Fuzzer(seed: seed, patchers: [FaultyPatcher(fault)])
        var found: [(Case, String)] = []
        for index in 0..<UInt64(20_000) where !fuzzer.run(index: index) {
            let bucket = fuzzer.findings[0].bucket
            let c = fuzzer.makeCase(index: index)
            if c.program.insns.count < 1000 { found.append((c, bucket)) }
            if found.count == 4 { break }
        }
        return found
    }

    @Test(arguments: faults) func minimizedCasesAreSmallAndFail(_ fault: RuleFault) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of MinimizerTests.minimizedCasesAreSmallAndFail, \(fault): \(seed)")
        let minimizer = Minimizer([FaultyPatcher(fault)])
        let all = findings(fault, seed: seed)
        #expect(all.count == 4, "seed \(seed)")
        for (c, bucket) in all {
            let place = Comment("seed \(seed), \(String(describing: c.origin)), \(bucket)")
            let result = minimizer.minimize(c, bucket: bucket)
            #expect(CaseSize(result.smallest) <= CaseSize(c), place)
            #expect(result.candidates > 0, place)
            #expect(result.smallest.bucket == bucket, place)
            #expect(result.smallest.target == "faulty", place)
            #expect(result.smallest.origin == c.origin, place)
            #expect(result.smallest.expected != nil, place)
            #expect(try FaultHunt.buckets(of: result.smallest, with: fault).contains(bucket), place)
            #expect(minimizer.minimize(c, bucket: bucket).smallest == result.smallest, place)
            let again = minimizer.minimize(result.smallest, bucket: bucket)
            #expect(again.smallest == result.smallest, place)
            for (name, stray) in result.strays {
                #expect(name != bucket && stray.bucket == name, place)
                #expect(try FaultHunt.buckets(of: stray, with: fault).contains(name), place)
            }
        }
    }

    /// A candidate that fails in another bucket is a collateral finding.
    @Test func collateralFindingsAreReported() throws {
        let text = """
            # bpf-patch-fuzz case
            program
                r1 = 1
                r1 = 2
                r1 = 3
            pass
              replace 0 with
                goto @1
                goto @2
            """
        let c = try CaseFile.parse(text, file: "two.case")
        let bucket = try #require(try FaultHunt.buckets(of: c, with: .refOffByOne).first)
        #expect(bucket == "faulty/error/accepted-became-einval/patch")
        let result = Minimizer([FaultyPatcher(.refOffByOne)]).minimize(c, bucket: bucket)
        #expect(Set(result.strays.keys) == ["faulty/error/accepted-became-einval/insert"])
    }

    @Test func caseOutsideItsBucketIsUnchanged() {
        let plain = Instruction(code: Opcode.movImmediate64, imm: 7)
        let c = Case(
            program: Program(insns: [plain, plain]), passes: [Pass(edits: [Edit(off: InputIndex(0), remove: 1)])])
        let result = Minimizer([FaultyPatcher(nil)]).minimize(c, bucket: "faulty/aux/alu64/delete")
        #expect(result.smallest.program == c.program && result.smallest.passes == c.passes)
        #expect(result.strays.isEmpty)
    }
}
