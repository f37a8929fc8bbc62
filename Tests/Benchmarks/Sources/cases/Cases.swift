import Fuzzing
import Glibc
import Patching

/// Measures how many cases a second one core takes from generation through all patchers and the oracle, and which part of
/// the time each takes.
///
/// A part is measured by leaving it out or running it alone; all variants are run in turn, several times, and the fastest
/// round of each counts, so that a shared machine disturbs the shares little.
@main
struct Cases {
    static func main() {
        let words = CommandLine.arguments.dropFirst()
        let isMixed = words.contains("mixed")
        let count = words.compactMap { UInt64($0) }.first ?? (isMixed ? 20_000 : 50_000)
        let shape: CaseShape = isMixed ? .mixed : .fixed(insns: 32, edits: 8, passes: 1)
        print(isMixed ? "the default mix of run" : "32 instructions, 8 edits, one pass")
        report(shape, count: count)
    }

    /// A way to run the same cases.
    struct Variant {
        var name: String
        var patchers: [BuiltInPatchers]
        /// Whether results are looked at, or cases only made.
        var isJudged = true
        var best = Double.infinity
    }

    static func report(_ shape: CaseShape, count: UInt64) {
        var variants = [
            Variant(name: "generation", patchers: [], isJudged: false), Variant(name: "oracle", patchers: []),
        ]
        variants += BuiltInPatchers.allCases.map { Variant(name: $0.name, patchers: [$0]) }
        variants.append(Variant(name: "all", patchers: BuiltInPatchers.allCases))
        for _ in 0..<7 {
            for number in variants.indices {
                variants[number].best = min(variants[number].best, time(variants[number], shape, count))
            }
        }
        let generation = variants[0].best
        let oracle = variants[1].best - generation
        let total = variants[variants.count - 1].best
        func row(_ name: String, _ nanoseconds: Double) {
            let padded = name + String(repeating: " ", count: max(0, 24 - name.count))
            print("\(padded)\(right(nanoseconds, 8)) ns\(right(nanoseconds / total * 100, 6)) %")
        }
        row("generation", generation)
        row("oracle and checks", oracle)
        for variant in variants[2..<(variants.count - 1)] { row(variant.name, variant.best - variants[1].best) }
        row("all together", total)
        print("\(Int(1e9 / total)) cases a second on one core")
    }

    private static func right(_ number: Double, _ width: Int) -> String {
        let text = String(Int(number.rounded()))
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// The time of a case in nanoseconds.
    private static func time(_ variant: Variant, _ shape: CaseShape, _ count: UInt64) -> Double {
        var clean = true
        var fuzzer = Fuzzer(seed: 1, shape: shape, patchers: variant.patchers.map { $0.make() })
        var generator = CaseGenerator(seed: 1, shape: shape)
        let start = now()
        if variant.isJudged {
            for index in 0..<count { clean = fuzzer.run(index: index) && clean }
        } else {
            // Only the first pass: the others need the results of the passes before them.
            for index in 0..<count { _ = generator.nextPass(for: generator.begin(index: index)) }
        }
        let time = now() - start
        precondition(clean, "a case failed; run the campaign instead")
        return time / Double(count)
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
