import BPF
import Patching

/// The case that is being made smaller: the one place where a candidate is tried and taken.
///
/// A candidate is taken when it is smaller and some finding of it is in the same bucket. So every reducer comes to an end,
/// whatever it proposes.
final class Reduction {
    /// The smallest case so far.
    private(set) var best: Case
    private(set) var size: CaseSize
    /// The bucket that must not be left.
    let bucket: String
    /// How many candidates were run.
    private(set) var candidates = 0
    /// Whether the program is so long that candidates are dear: one at the 16-bit limit.
    ///
    /// Such a program needs nearly all of its instructions to fail at all, and any of them will do.
    var isLong: Bool { best.program.insns.count > 4096 }
    /// The smallest case seen in each other bucket on the way.
    private(set) var strays: [String: Case] = [:]
    private let judge: any CaseJudge
    private let target: String?
    private let limit: Minimizer.Limit
    private var rules = CaseRunner([])

    init(_ c: Case, bucket: String, judge: any CaseJudge, target: String?, limit: Minimizer.Limit) {
        self.limit = limit
        best = c
        size = CaseSize(c)
        self.bucket = bucket
        self.judge = judge
        self.target = target
    }

    /// Runs a candidate and takes it when it is smaller and in the bucket.
    func testAndCommit(_ candidate: Case) -> Bool {
        let candidateSize = CaseSize(candidate)
        if candidateSize >= size { return false }
        candidates += 1
        let findings = judge.findings(of: candidate, against: target)
        for finding in findings where finding.bucket != bucket {
            if let known = strays[finding.bucket], CaseSize(known) <= candidateSize { continue }
            strays[finding.bucket] = candidate
        }
        guard findings.contains(where: { $0.bucket == bucket }) else { return false }
        best = candidate
        size = candidateSize
        return true
    }

    /// Lets a change make a candidate from the best case, and tries it.
    func attempt(_ change: (inout Case) -> Void) -> Bool {
        if candidates >= limit.candidates || limit.isLate() { return false }
        var candidate = best
        change(&candidate)
        return testAndCommit(candidate)
    }

    /// The program that a pass of the best case is given.
    func input(ofPass number: Int) -> Program? { rules.input(ofPass: number, of: best) }

    /// Tries to do without parts of a sequence: in chunks of halving length from the end, then one by one.
    ///
    /// - Parameters:
    ///   - count: how long the sequence is now
    ///   - remove: tries a case without the given range of it
    func reduceChunks(of count: () -> Int, without remove: (Range<Int>) -> Bool) {
        var length = max(count() / 2, 1)
        while true {
            var end = count()
            while end > 0 {
                let start = max(0, end - length)
                _ = remove(start..<end)
                end = min(start, count())
            }
            if length == 1 { return }
            length /= 2
        }
    }
}

/// A way to make a case smaller.
protocol Reducer {
    /// Tries everything once.
    func reduce(_ reduction: Reduction)
}
