import Fuzzing

/// Runs cases through all patchers and the oracle.
final class PatcherExecutor: CaseExecutor {
    private var fuzzer: Fuzzer
    private let names: [String]
    /// In how many cases each patcher had been spared a pass, and had been run, when that was last asked.
    private var before: [(spared: Int, ran: Int)]

    /// - Parameter names: what the patchers of the fuzzer are called
    init(_ fuzzer: consuming Fuzzer, names: [String]) {
        self.fuzzer = fuzzer
        self.names = names
        before = names.map { _ in (0, 0) }
    }

    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64?, found: (UInt64, [Finding]) -> Void) {
        for index in indices {
            guard let excluded = begin(index) else { return }
            if !fuzzer.run(index: index, excluding: excluded) { found(index, fuzzer.findings) }
        }
    }

    /// The number of cases in which each patcher was run, and in which it skipped a pass.
    func takeCounts() -> [String: UInt64] {
        let all = names.indices.map { (spared: fuzzer.sparedCases(of: $0), ran: fuzzer.ranCases(of: $0)) }
        let new = zip(all, before).map { (spared: $0.spared - $1.spared, ran: $0.ran - $1.ran) }
        before = all
        let most = new.map(\.ran).max() ?? 0
        var counts = [TargetCounts.ranKey: UInt64(most)]
        for (name, new) in zip(names, new) {
            TargetCounts.add(new.spared, .spared, of: name, to: &counts)
            TargetCounts.add(most - new.ran, .idle, of: name, to: &counts)
        }
        return counts
    }

    func isCertain(target: Int?, isKilled: Bool) -> Bool { false }
}
