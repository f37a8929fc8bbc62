import BPF
import Foundation
import Fuzzing
import LinuxBPF

/// The inside of a worker process: it runs the cases of one block of indices after the other until none is left.
///
/// The cases run in forked children, which a patcher may kill.
final class Worker {
    private let configuration: CampaignConfiguration
    private let fuzzTarget: any FuzzTarget
    private let shared: SharedProgress
    private let number: Int
    private let server: ForkServer
    private let output: WorkerOutput
    private let bases: [Program]
    private let limit: UInt64
    /// The memory that a child may hold after a block, or `nil` for no limit.
    ///
    /// - Units: bytes
    private var mostHeld: UInt64?
    private var first: UInt64?
    private var crashes = WorkerCrashes()
    /// The buckets whose first hit was reported; a child knows more than this process.
    private var announced: Set<String> = []

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - number: the index of the worker in the shared progress
    ///   - first: the unfinished block of another worker
    /// - Throws: ``CampaignError`` if the shared progress cannot be mapped
    init(configuration: CampaignConfiguration, number: Int, first: UInt64?) throws(CampaignError) {
        self.configuration = configuration
        fuzzTarget = configuration.workingTarget.fuzzTarget
        self.number = number
        self.first = first
        shared = try SharedProgress(
            inherited: WorkerProcess.sharedProgressDescriptor, jobs: max(configuration.budget.jobs, number + 1))
        output = try WorkerOutput()
        server = ForkServer(
            shared: shared, number: number, budget: fuzzTarget.budget, keepsErrors: false)
        bases = ObjectCollection(paths: fuzzTarget.objects).programs.map(\.program)
        limit = configuration.cases.limit ?? UInt64.max
    }

    /// Runs until the campaign or its process ends.
    func run() throws(CampaignError) {
        let executor = try fuzzTarget.makeExecutor(
            seed: configuration.cases.seed, bases: bases, progress: shared.patcherWord(ofWorker: number))
        // Only code from outside may leak memory.
        if fuzzTarget.targets.indices.contains(where: fuzzTarget.isForeign) {
            let held = MemoryGauge(process: getpid()).held
            mostHeld = fuzzTarget.budget.memory.map { held + $0 << 20 }
        }
        server.run {
            runBlocks(executor)
        } died: { death in
            let block = shared.position(ofWorker: number).block
            first = block
            crashes.move(to: block)
            output.write(BlockReport.void)
            if block != nil { settle(death, executor) }
        }
    }

    // MARK: In a child

    private func runBlocks(_ executor: any CaseExecutor) {
        var next = first ?? claim()
        while let block = next {
            run(block, indices(of: block), executor)
            next = claim()
        }
        shared.set(block: nil, worker: number)
    }

    private func claim() -> UInt64? { shared.claim(worker: number) { indices(of: $0).isEmpty } }

    private func indices(of block: UInt64) -> Range<UInt64> {
        configuration.cases.shard.indices(ofBlock: block, limit: limit)
    }

    private func run(_ block: UInt64, _ indices: Range<UInt64>, _ executor: any CaseExecutor) {
        shared.set(block: block, worker: number)
        var hits = crashes.hits(of: block)
        let leftOut = shared.epoch.leftOut(of: block)
        var end = indices.upperBound
        executor.run(indices) { index in
            if shared.isAbandoning {
                end = index
                return nil
            }
            shared.begin(index: index, worker: number)
            return leftOut | crashes.excluded(at: index, of: block)
        } found: { index, findings in
            for finding in findings where hits.add(finding.bucket, at: index) {
                announce(finding.bucket, at: index)
            }
        }
        endIfOverMemory()
        let done = indices.lowerBound..<end
        var counts = executor.takeCounts()
        crashes.count(done, of: block, in: &counts)
        for target in fuzzTarget.targets.indices where leftOut >> UInt64(target) & 1 != 0 {
            counts[target].leftOut += UInt64(done.count)
            counts[target].leftOutBlocks += 1
        }
        counts.notRun = UInt64(
            crashes.countNotRun(done, of: block, others: leftOut, running: fuzzTarget.running))
        let report = BlockReport(
            block: block, done: end - indices.lowerBound, hits: hits.values.sorted { $0.bucket < $1.bucket },
            counts: counts)
        let text = Array(report.text.utf8)
        // The campaign may be busy for a while.
        shared.rest(worker: number)
        tell(text)
        shared.set(block: nil, worker: number)
    }

    /// Ends this process if it holds too much memory; the watching process may miss a whole block.
    private func endIfOverMemory() {
        guard let mostHeld, MemoryGauge(process: getpid()).held > mostHeld else { return }
        shared.markOverMemory(worker: number)
        _exit(1)
    }

    /// Reports a bucket at once, since this process and the campaign may end before the block does.
    private func announce(_ bucket: String, at index: UInt64) {
        if !announced.insert(bucket).inserted { return }
        // The campaign may be busy for a while.
        shared.rest(worker: number)
        tell(EarlyHit(bucket: bucket, index: index).line)
    }

    /// Writes to the campaign, or ends this process if a patcher closed its output.
    private func tell(_ bytes: [UInt8]) {
        if !output.write(bytes) { endMute() }
    }

    /// Ends this process if a patcher closed its output.
    private func checkOutput() {
        if !output.isOpen { endMute() }
    }

    /// Ends this process, which cannot report anything.
    private func endMute() -> Never {
        shared.markOutputLost(worker: number)
        _exit(1)
    }

    // MARK: After a death

    /// Attributes the death of a child to a patcher, if one caused it.
    private func settle(_ death: ChildExit, _ executor: any CaseExecutor) {
        switch death.cause {
        case _ where executor.isCertain(target: death.patcher, isKilled: death.isFromOutside): break
        case .outside where crashes.retryCount(at: death.index) < 3: return
        // The machine may have been suspended. A patcher that only waits times out twice, and is then known to hang.
        case .hang
        where !death.isBusy && !isHanging(death.patcher) && crashes.retryCount(at: death.index) < 2:
            if let patcher = death.patcher {
                output.write(Doubt(target: fuzzTarget.targets[patcher], index: death.index).line)
            }
            return
        case .leak:
            settleLeak(death, executor)
            return
        case .descriptor:
            // The patcher that closed the descriptor ran earlier, perhaps in an earlier case.
            if let block = first, let (patcher, death) = culprit(in: indices(of: block), executor) {
                attribute(death, to: patcher)
                return
            }
        default: break
        }
        if let patcher = death.patcher {
            attribute(death, to: patcher)
            return
        }
        // It died between two patchers: one of them damaged memory, in this case or in an earlier one.
        let alone = death.index..<(death.index + 1)
        if let (patcher, death) = culprit(in: alone, executor) {
            attribute(death, to: patcher)
            return
        }
        guard let block = first, crashes.retryCount(at: death.index) >= 3 else { return }
        if let (patcher, death) = culprit(in: indices(of: block), executor) {
            attribute(death, to: patcher, isLasting: true)
            return
        }
        Output.note(
            "error: case \(death.index) of seed \(configuration.cases.seed) ends workers, but no patcher does alone\n")
        _exit(1)
    }

    /// Attributes a leak to a patcher, if one block is enough to show it.
    ///
    /// The first time, earlier blocks may have leaked the memory, so the block is run again in a new child. The
    /// counters therefore do not depend on the number of blocks that a child has run. A slower leak is reported, not
    /// counted.
    private func settleLeak(_ death: ChildExit, _ executor: any CaseExecutor) {
        guard let block = first else { return }
        let indices = indices(of: block)
        let others = fuzzTarget.targets.indices.filter(fuzzTarget.isForeign)
        if crashes.retryCount(at: indices.lowerBound) < 2 {
            // The only patcher from outside is the one that leaks.
            if others.count != 1 { return }
            announce(death.finding(against: fuzzTarget.targets[others[0]]).bucket, at: death.index)
        } else if let patcher = culprit(in: indices, executor)?.0 ?? death.patcher ?? others.first {
            var death = death
            death.index = indices.lowerBound
            attribute(death, to: patcher, isLasting: true)
        } else {
            Output.note("error: the cases from \(indices.lowerBound) on take more memory than they may\n")
            _exit(1)
        }
    }

    private func isHanging(_ patcher: Int?) -> Bool {
        patcher.map(shared.isHanging) ?? false
    }

    private func attribute(_ death: ChildExit, to patcher: Int, isLasting: Bool = false) {
        if death.kind == .hang { shared.markHanging(patcher) }
        let finding = death.finding(against: fuzzTarget.targets[patcher])
        announce(finding.bucket, at: death.index)
        crashes.attribute(to: patcher, finding, as: death.kind, at: death.index, isLasting: isLasting)
    }

    /// The first patcher that ends a child when it runs some cases alone, and the death.
    private func culprit(in indices: Range<UInt64>, _ executor: any CaseExecutor) -> (Int, ChildExit)? {
        for patcher in fuzzTarget.targets.indices {
            var found: ChildExit?
            server.run {
                if found != nil { return }
                executor.run(indices) { index in
                    checkOutput()
                    shared.begin(index: index, worker: number)
                    return ~(1 << UInt64(patcher)) | crashes.excluded(at: index, of: first ?? 0)
                } found: { _, _ in
                }
                checkOutput()
                endIfOverMemory()
            } died: { death in
                found = death
            }
            if let found { return (patcher, found) }
        }
        return nil
    }
}
