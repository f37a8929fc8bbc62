import Contenders
import Fuzzing
import Patching

/// The rate of cases on one core from generation through all designs and the oracle, and the share of each part.
///
/// A part is measured by leaving it out or running it alone. All variants run in turn, several times, and the fastest round
/// of each counts, so that other load on the machine hardly affects the shares.
enum Shares {
    /// A way to run the same cases.
    private struct Variant {
        var name: String
        var patchers: [BuiltInPatchers]

        init(_ name: String, _ patchers: [BuiltInPatchers]) {
            self.name = name
            self.patchers = patchers
        }
    }

    /// Measures and prints the shares.
    static func report(isMixed: Bool, count: UInt64) {
        let shape = isMixed ? CaseShape.mixed : CasePool.small
        print(isMixed ? "the default mix of run" : "32 instructions, 8 edits, one pass")
        var variants = [Variant("generation", []), Variant("oracle and checks", [])]
        variants += BuiltInPatchers.allCases.map { Variant($0.name, [$0]) }
        variants.append(Variant("all together", BuiltInPatchers.allCases))
        var race = Race()
        for (number, variant) in variants.enumerated() {
            race.add(variant.name) { run(variant.patchers, shape, count, isJudged: number > 0) }
        }
        let times = race.run(rounds: 7).mapValues { $0 / Double(count) }
        let generation = times["generation"]!
        let oracle = times["oracle and checks"]!
        let total = times["all together"]!
        for variant in variants {
            // The first and last variants are absolute; from the others, the cost of their base is subtracted.
            let base = variant.name == "oracle and checks" ? generation : variant.patchers.count == 1 ? oracle : 0
            let time = times[variant.name]! - base
            print("\(Column.left(variant.name, 24))\(Column.right(time, 8)) ns\(Column.right(time / total * 100, 6)) %")
        }
        print("\(Int(1e9 / total)) cases a second on one core")
    }

    /// Generates the cases, and runs them if they are judged.
    private static func run(_ designs: [BuiltInPatchers], _ shape: CaseShape, _ count: UInt64, isJudged: Bool) {
        var clean = true
        var fuzzer = Fuzzer(seed: 1, shape: shape, patchers: designs.map { $0.make() })
        var generator = CaseGenerator(seed: 1, shape: shape)
        if isJudged {
            for index in 0..<count { clean = fuzzer.run(index: index) && clean }
        } else {
            // Only the first pass: the others need the results of the passes before them.
            for index in 0..<count { _ = generator.nextPass(for: generator.begin(index: index)) }
        }
        precondition(clean, "a case failed; run the campaign instead")
    }
}
