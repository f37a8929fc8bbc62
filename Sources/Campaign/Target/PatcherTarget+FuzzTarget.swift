import BPF
import Fuzzing
import Patching

extension PatcherTarget: FuzzTarget {
    package func judge(_ budget: CaseBudget) throws(CampaignError) {
        let server = try JudgeServer(targets: targets, budget: budget)
        var runner = CaseRunner(
            oracleOptions.make(patchers, runsEveryPassTwice: true), beyondContract: oracleOptions.beyondContract,
            oracle: oracleOptions.oracle, progress: server.progress)
        let names = targets
        server.run { c, excluded in
            let findings = runner.findings(of: c, excluding: excluded)
            return CaseVerdict(findings: findings, notRun: runner.reasonsNotGiven(names))
        } search: { c, excluded, limit, progress in
            let tested = names.indices.filter { excluded >> UInt64($0) & 1 == 0 }.map { patchers[$0] }
            let search = SmallestCase(
                of: oracleOptions.make(tested), in: c.bucket ?? "", below: CaseSize(c), limit: limit,
                beyondContract: oracleOptions.beyondContract, oracle: oracleOptions.oracle, progress: progress)
            var verdict = CaseVerdict(findings: [])
            verdict.search = CaseVerdict.Search(search)
            return verdict
        }
    }

    private func makeFuzzer(
        seed: UInt64, bases: [Program], small: SmallCases?, patchers: [any Patcher], describesFindings: Bool = true,
        progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) -> Fuzzer {
        Fuzzer(
            seed: seed, bases: bases, workloads: workloads, limits: limits, small: small,
            patchers: patchers, beyondContract: oracleOptions.beyondContract, failsAllocations: failsAllocations,
            oracle: oracleOptions.oracle, countsCoverage: progress != nil && countsCoverage == true,
            describesFindings: describesFindings, progress: progress)
    }

    /// True if allocations fail in some cases, since no option chooses their share.
    private var failsAllocations: Bool {
        exhaustive == nil && oracleOptions.failAlloc == 0 && patchers.contains { $0.plugin?.release != nil }
    }

    /// Makes the case with an index.
    private func makeCase(_ index: UInt64, seed: UInt64, bases: [Program], _ small: SmallCases?) -> Case {
        var fuzzer = makeFuzzer(seed: seed, bases: bases, small: small, patchers: [])
        var c = fuzzer.makeCase(index: index)
        let failing = c.conditions
        c.conditions = oracleOptions.conditions
        if failsAllocations { (c.conditions.failAlloc, c.conditions.failSeed) = (failing.failAlloc, failing.failSeed) }
        return c
    }

    package func makeExecutor(
        seed: UInt64, bases: [Program], progress: UnsafeTypedBuffer<Slot, UInt64>
    ) -> any CaseExecutor {
        // Findings are counted by bucket; the case of each bucket is made and judged again.
        PatcherExecutor(
            makeFuzzer(
                seed: seed, bases: bases, small: exhaustive?.cases, patchers: oracleOptions.make(patchers),
                describesFindings: false, progress: progress),
            count: patchers.count)
    }

    package func makeTriage(seed: UInt64, bases: [Program], host: any HostProgram) -> any FindingTriage {
        let small = exhaustive?.cases
        return PatcherTriage(OutOfProcessJudge(.patchers(self), host: host)) { index in
            makeCase(index, seed: seed, bases: bases, small)
        }
    }

    package func report(_ counts: CampaignCounts, cases: UInt64, seconds: Double) -> TargetReport {
        var report = PatcherReport(counts, targets: targets, cases: cases)
        if countsCoverage == true { report.coverage = CoverageTable(counts.coverage) }
        return .patchers(report)
    }
}

/// Runs cases through all patchers and the oracle.
private final class PatcherExecutor: CaseExecutor {
    private var fuzzer: Fuzzer
    /// The counters of each patcher at the last ``takeCounts()``.
    private var before: [(skipped: Int, ran: Int)]
    /// The digest at the last ``takeCounts()``, and the part of the campaign that the cases since then belong to.
    private var digestBefore = ResultDigest()
    private var part = 0
    /// The cases since the last ``takeCounts()`` in which the rules refuse a pass.
    private var refused: UInt64 = 0
    /// The counts of coverage at the last ``takeCounts()``.
    private var coverageBefore: [UInt64] = []

    /// - Parameter count: the number of the fuzzer's patchers
    init(_ fuzzer: consuming Fuzzer, count: Int) {
        self.fuzzer = fuzzer
        before = Array(repeating: (0, 0), count: count)
    }

    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64?, found: (UInt64, [Finding]) -> Void) {
        part = CampaignCounts.part(of: indices.lowerBound)
        for index in indices {
            guard let excluded = begin(index) else { return }
            if !fuzzer.run(index: index, excluding: excluded) { found(index, fuzzer.findings) }
            if fuzzer.status != .accepted { refused &+= 1 }
        }
    }

    func takeCounts() -> CampaignCounts {
        var counts = CampaignCounts()
        (counts.refused, refused) = (refused, 0)
        for target in before.indices {
            let all = (skipped: fuzzer.skippedCases(of: target), ran: fuzzer.ranCases(of: target))
            counts[target].skipped = UInt64(all.skipped - before[target].skipped)
            counts[target].ran = UInt64(all.ran - before[target].ran)
            before[target] = all
        }
        counts.add(digest: fuzzer.digest.value &- digestBefore.value, ofPart: part)
        digestBefore = fuzzer.digest
        if let coverage = fuzzer.coverage {
            counts.addCoverage(coverage.counts, since: coverageBefore)
            coverageBefore = coverage.counts
        }
        return counts
    }

    func isCertain(target: Int?, isKilled: Bool) -> Bool { false }
}

/// Triages findings against patchers.
private final class PatcherTriage: FindingTriage {
    let judge: OutOfProcessJudge
    private let make: (UInt64) -> Case

    /// - Parameter make: makes the case of an index
    init(_ judge: OutOfProcessJudge, make: @escaping (UInt64) -> Case) {
        self.judge = judge
        self.make = make
    }

    func makeCase(index: UInt64) -> Case { make(index) }
    func findings(of c: Case, against target: String?) -> [Finding] {
        judge.findings(of: c, against: target.flatMap { judge.names.contains($0) ? $0 : nil })
    }
    func minimize(_ c: Case, bucket: String) -> Minimizer.Result { judge.minimize(c, bucket: bucket) }
    func slide(_ c: Case, from bucket: String) -> CaseSlide.Result? { judge.slide(c, from: bucket) }
    func isSafeToRerun(_ bucket: String) -> Bool { true }
}
