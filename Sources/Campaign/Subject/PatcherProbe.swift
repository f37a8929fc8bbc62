import Fuzzing

/// Runs cases through all patchers and the oracle.
final class PatcherProbe: CaseProbe {
    private var fuzzer: Fuzzer
    private let names: [String]
    /// In how many cases each patcher had been spared a pass when that was last asked.
    private var sparedBefore: [Int]

    /// - Parameter names: what the patchers of the fuzzer are called
    init(_ fuzzer: consuming Fuzzer, names: [String]) {
        self.fuzzer = fuzzer
        self.names = names
        sparedBefore = names.map { _ in 0 }
    }

    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64, found: (UInt64, [Finding]) -> Void) {
        for index in indices where !fuzzer.run(index: index, excluding: begin(index)) {
            found(index, fuzzer.findings)
        }
    }

    /// In how many cases each patcher was spared a pass, where there were any.
    func takeCounts() -> [String: UInt64] {
        var counts: [String: UInt64] = [:]
        for (number, name) in names.enumerated() {
            let all = fuzzer.sparedCases(of: number)
            if all > sparedBefore[number] { counts[name] = UInt64(all - sparedBefore[number]) }
            sparedBefore[number] = all
        }
        return counts
    }

    func isCertain(target: Int?, isKilled: Bool) -> Bool { false }
}
