import BPF
import Contenders
import Fuzzing
import Patching

/// The numbers that the project promises, measured in one run.
struct Numbers {
    /// The number of runs of each contender; the fastest counts.
    let rounds: Int

    /// The name of the same work in plain C.
    private static let peer = CIndexMapPatcher().name
    /// The same as a plug-in: in guarded memory, and run twice about every sixteenth time.
    private let plugin = Contenders.plugin()
    /// The name of copying the result.
    private static let copy = "copy"

    /// Measures and prints everything.
    func report() {
        let small = pooled(CasePool.small, "32 instructions, 8 edits")
        let medium = pooled(CasePool.medium, "1,000 instructions, 100 edits")
        let long = dense(DensePatches(insns: 1_000_000, length: 4), "1,000,000 instructions, each becomes 4")
        let million = dense(DensePatches(insns: 1_000_000), "1,000,000 instructions, each becomes 2")
        _ = dense(DensePatches(insns: 1_000_000, every: 8), "1,000,000 instructions, every eighth becomes 2")
        let thousands = dense(DensePatches(insns: 15_000), "15,000 instructions, each becomes 2")
        print("one case through all designs and the oracle")
        let cases = casesASecond()
        print("  \(Column.right(cases, 9)) cases a second")
        print("\nwhat                                                    measured    reach")
        let fastest = Numbers.fastest(long)
        row("1M, each becomes 4: \(fastest), to the copy", long[fastest]! / long[Numbers.copy]!, atMost: 2)
        row("1M, each becomes 4: \(fastest), to C", long[fastest]! / long[Numbers.peer]!, atMost: 1.1)
        let quick = Numbers.fastest(million)
        row("1M, each becomes 2: \(quick), ms", million[quick]! / 1e6, atMost: 10)
        for name in ["delta-array", "deferred-branches", "basic-block", "linked-list"] {
            guard let time = long[name] else { continue }
            row("1M, each becomes 4: \(name), to the copy", time / long[Numbers.copy]!, atMost: 8)
        }
        let first = Numbers.fastest(small)
        row("32 instructions, 8 edits: \(first), to C", small[first]! / small[Numbers.peer]!, atMost: 1.2)
        for (name, times) in [("32 instructions", small), ("1,000 instructions", medium)] {
            row("\(name): a plug-in beyond its own work, ns", times[plugin.name]! - times[Numbers.peer]!, atMost: 2_000)
        }
        row("all designs and the oracle, cases a second", cases, atLeast: 200_000)
        for design in Contenders.linearDesigns() {
            let growth = million[design.name]! / 1_000_000 / (thousands[design.name]! / 15_000)
            row("time a patch at 1M to 15,000: \(design.name)", growth, atMost: 2)
        }
    }

    /// The fastest design of a table.
    private static func fastest(_ times: [String: Double]) -> String {
        times.filter { $0.key != peer && $0.key != copy && !$0.key.hasPrefix(peer) }.min { $0.value < $1.value }!.key
    }

    // MARK: Measuring

    /// The time of a case in nanoseconds, by contender.
    private func pooled(_ shape: CaseShape, _ title: String) -> [String: Double] {
        let pool = CasePool(shape, count: 1_024)
        let output = ProgramBuffer()
        var race = Race()
        for patcher in Contenders.designs() + [CIndexMapPatcher(), plugin] {
            race.add(patcher.name) { pool.run(patcher, into: output) }
        }
        let oracle = PooledComparison([])
        race.add("oracle") { oracle.run(pool) }
        let results = pool.results()
        race.add(Numbers.copy) { results.copy(into: output) }
        let times = race.run(rounds: rounds).mapValues { $0 / Double(pool.count) }
        print("\(title)\n                             ns a case    to C  to the copy")
        for (name, time) in times.sorted(by: { $0.value < $1.value }) {
            print(
                "  \(Column.left(name, 24))\(Column.right(time, 12))\(Column.ratio(time / times[Numbers.peer]!, 8))"
                    + Column.ratio(time / times[Numbers.copy]!, 13))
        }
        print("")
        return times.filter { $0.key != "oracle" }
    }

    /// The time of the pass in nanoseconds, by contender.
    private func dense(_ workload: DensePatches, _ title: String) -> [String: Double] {
        let input = DenseInput(workload)
        var race = Race()
        race.add(Numbers.copy) { input.runCopy() }
        for patcher in Contenders.linearDesigns() + [CIndexMapPatcher()] {
            precondition(input.isRight(patcher), "\(patcher.name) is wrong; run the campaign instead")
            race.add(patcher.name) { input.run(patcher) }
        }
        let times = race.run(rounds: rounds)
        print("\(title)\n                                    ms  ns a patch    to C  to the copy")
        for (name, time) in times.sorted(by: { $0.value < $1.value }) {
            print(
                "  \(Column.left(name, 24))\(Column.decimal(time / 1e6, 12))"
                    + "\(Column.decimal(time / Double(workload.patches), 12))"
                    + "\(Column.ratio(time / times[Numbers.peer]!, 8))\(Column.ratio(time / times[Numbers.copy]!, 13))")
        }
        print("")
        return times
    }

    /// The number of generated cases that all designs and the oracle run in a second.
    private func casesASecond() -> Double {
        let pool = CasePool(CasePool.small, count: 1_024)
        let comparison = PooledComparison(Contenders.designs())
        precondition(comparison.run(pool), "a case failed; run the campaign instead")
        var race = Race()
        race.add("all") { comparison.run(pool) }
        return 1e9 / (race.run(rounds: rounds)["all"]! / Double(pool.count))
    }

    // MARK: Printing

    private func row(_ what: String, _ value: Double, atMost reach: Double) {
        verdict(what, Column.decimal(value, 8), "at most \(reach)", value <= reach)
    }

    private func row(_ what: String, _ value: Double, atLeast reach: Double) {
        verdict(what, Column.right(value, 8), "at least \(Int(reach))", value >= reach)
    }

    private func verdict(_ what: String, _ value: String, _ reach: String, _ isReached: Bool) {
        print("\(Column.left(what, 56))\(value)    \(reach)\(isReached ? "" : "  MISSED")")
    }
}
