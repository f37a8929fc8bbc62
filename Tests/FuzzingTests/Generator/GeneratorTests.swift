import BPF
import Patching
import TestSupport
import Testing

@testable import Fuzzing

/// The contents of generated cases, counted over one run. Cases are pure functions of seed and index.
struct GeneratorTests {
    private static let seed = Census.seed

    /// Each feature is frequent enough for every campaign. Large programs are rare because they are slow.
    @Test(arguments: Census.Feature.allCases) func featureIsThere(_ feature: Census.Feature) {
        let count = Census.mixed.counts[feature, default: 0]
        let least: Int
        switch feature {
        case .hundreds: least = 50
        case .farForwardFits, .farBackwardFits, .farForwardOverflows, .farBackwardOverflows: least = 8
        case .longPatch, .longPatchTarget: least = 1
        case .huge, .hugeTarget, .hugeSubprogram, .hugeLine, .manySubprograms, .manyLines, .manyEdits:
            // Too rare for a census of all sizes.
            #expect(Census.large.counts[feature, default: 0] >= 3, "seed \(GeneratorTests.seed)")
            return
        case .jumpToItself, .emptiesSubprogram, .forwardToLast, .backwardToLast: least = 100
        default: least = 500
        }
        #expect(count >= least, "seed \(GeneratorTests.seed): \(feature) in \(count) of \(Census.mixed.cases) cases")
    }

    /// One case in 16,384 is large: some twenty in ten seconds of a campaign.
    @Test func largeCasesAreRare() {
        let large = (0..<UInt64(400_000)).count { index in
            var draws = Draws(seed: GeneratorTests.seed, index: index)
            let features = CaseFeatures.draw(.mixed, &draws)
            return features.isHuge || features.subprograms >= 400 || features.edits > 299
        }
        #expect((12...40).contains(large), "seed \(GeneratorTests.seed): \(large)")
    }

    @Test(arguments: MalformedEdit.Rule.allCases) func ruleIsBroken(_ rule: MalformedEdit.Rule) {
        let count = Census.mixed.rules[rule, default: 0]
        #expect(count >= 5, "seed \(GeneratorTests.seed): \(rule) in \(count) of \(Census.mixed.cases) cases")
    }

    /// No case is ill formed, both checks of edits agree, and only the intended passes are refused.
    @Test func onlyIntendedPassesAreRefused() {
        let faults = Census.mixed.faults
        #expect(faults.isEmpty, "seed \(GeneratorTests.seed): \(faults.prefix(5))")
    }

    @Test func oneCaseInTenIsMeantToBeRefused() {
        let census = Census.mixed
        print("made to be refused: \(census.planned), refused: \(census.refused), overflowing: \(census.overflows)")
        #expect((census.cases * 9 / 100...census.cases * 11 / 100).contains(census.planned))
        #expect(census.refused * 2 > census.planned)
        #expect(census.overflows * 1200 > census.cases)
    }

    /// A new generator makes the same case as one that has made other cases before.
    @Test func casesDependOnSeedAndIndexAlone() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of GeneratorTests.casesDependOnSeedAndIndexAlone: \(seed)")
        var fuzzer = Fuzzer(seed: seed, patchers: [])
        let forward = (0..<UInt64(300)).map { fuzzer.makeCase(index: $0) }
        for index in (0..<UInt64(300)).reversed() {
            _ = fuzzer.run(index: index ^ 77)
            #expect(fuzzer.makeCase(index: index) == forward[Int(index)], "seed \(seed), index \(index)")
        }
        for index in [0, 17, 299] as [UInt64] {
            var fresh = Fuzzer(seed: seed, patchers: [])
            #expect(fresh.makeCase(index: index) == forward[Int(index)], "seed \(seed), index \(index)")
        }
        var other = Fuzzer(seed: seed &+ 1, patchers: [])
        #expect(other.makeCase(index: 0).program != forward[0].program, "seed \(seed)")
        #expect(Set(forward.map(\.program)).count > 250, "seed \(seed)")
    }

    /// A case made from bytes.
    private func make(_ bytes: [UInt8]) -> (program: Program, passes: [Pass], isAccepted: Bool) {
        var generator = CaseGenerator(seed: 0)
        var comparison = PatcherComparison(BuiltInPatchers.allCases.map { $0.make() })
        let start = generator.begin(Draws(bytes: bytes))
        let program = Program(start)
        var passes: [Pass] = []
        comparison.begin(start)
        for number in 1...generator.passCount {
            let pass = generator.nextPass(for: comparison.program)
            passes.append(Pass(pass))
            if comparison.run(pass, isLast: number == generator.passCount) != .accepted { break }
        }
        return (program, passes, comparison.findings.isEmpty)
    }

    @Test func bytesMakeCases() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of GeneratorTests.bytesMakeCases: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        var programs: Set<Program> = []
        for number in 0..<400 {
            let length = Int.random(in: 0...400, using: &numbers)
            // A first byte of 0 to 11 would make a far case.
            var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            if length > 9 { bytes[9] |= 1 }
            let one = make(bytes)
            let two = make(bytes)
            let place = Comment("seed \(seed), case \(number)")
            #expect(one.program == two.program && one.passes == two.passes, place)
            #expect(one.program.fault() == nil && one.isAccepted, place)
            programs.insert(one.program)
        }
        #expect(programs.count > 100, "seed \(seed)")
    }

    @Test func noBytesAreACase() {
        let empty = make([])
        #expect(empty.program.fault() == nil && empty.isAccepted && !empty.passes.isEmpty)
    }
}
