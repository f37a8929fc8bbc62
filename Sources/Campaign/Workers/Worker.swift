import BPF
import Foundation
import Fuzzing
import LinuxBPF

/// The inside of a worker process: takes blocks of indices and runs their cases until there are none left.
///
/// The cases are run in children, which a patcher may end.
final class Worker {
    private let configuration: CampaignConfiguration
    private let fuzzTarget: any FuzzTarget
    private let board: SharedProgress
    private let number: Int
    private let server: ForkServer
    private let output: WorkerOutput
    private let bases: [Program]
    private let limit: UInt64
    /// How much memory a child may hold after a block, or `nil` for any.
    ///
    /// - Units: bytes
    private var mostHeld: UInt64?
    private var first: UInt64?
    private var casualties = WorkerCrashes()
    /// The buckets that the campaign was told of when they were first hit; a child knows more than this process.
    private var announced: Set<String> = []

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - number: which of the board's workers it is
    ///   - first: a block that another worker did not finish
    /// - Throws: ``CampaignError`` when the board cannot be mapped
    init(configuration: CampaignConfiguration, number: Int, first: UInt64?) throws(CampaignError) {
        self.configuration = configuration
        fuzzTarget = configuration.fuzzTarget
        self.number = number
        self.first = first
        board = try SharedProgress(
            inherited: WorkerProcess.boardNumber, jobs: max(configuration.budget.jobs, number + 1))
        output = try WorkerOutput()
        server = ForkServer(
            board: board, number: number, budget: fuzzTarget.budget, keepsErrors: false)
        bases = ObjectCollection(paths: fuzzTarget.objects).programs.map(\.program)
        limit = configuration.cases.limit ?? UInt64.max
    }

    /// Runs until the campaign ends, or the process that started this one does.
    func run() throws(CampaignError) {
        let probe = try fuzzTarget.makeProbe(
            seed: configuration.cases.seed, bases: bases, progress: board.patcherWord(ofWorker: number))
        // What is part of this program gives its memory back.
        if fuzzTarget.targets.indices.contains(where: fuzzTarget.isForeign) {
            let held = MemoryGauge(process: getpid()).held
            mostHeld = fuzzTarget.budget.memory.map { held + $0 << 20 }
        }
        server.run {
            runBlocks(probe)
        } died: { death in
            let block = board.position(ofWorker: number).block
            first = block
            casualties.move(to: block)
            output.write(BlockReport.void)
            if block != nil { settle(death, probe) }
        }
    }

    // MARK: In a child

    private func runBlocks(_ probe: any CaseExecutor) {
        var next = first ?? claim()
        while let block = next {
            run(block, indices(of: block), probe)
            next = claim()
        }
        board.note(block: nil, worker: number)
    }

    private func claim() -> UInt64? { board.claim(worker: number) { indices(of: $0).isEmpty } }

    private func indices(of block: UInt64) -> Range<UInt64> {
        configuration.cases.shard.indices(ofBlock: block, limit: limit)
    }

    private func run(_ block: UInt64, _ indices: Range<UInt64>, _ probe: any CaseExecutor) {
        board.note(block: block, worker: number)
        var sightings = casualties.sightings(of: block)
        let leftOut = board.epoch.leftOut(of: block)
        var end = indices.upperBound
        probe.run(indices) { index in
            if board.isAbandoning {
                end = index
                return nil
            }
            board.begin(index: index, worker: number)
            return leftOut | casualties.excluded(at: index, of: block)
        } found: { index, findings in
            for finding in findings where sightings.add(finding.bucket, at: index) {
                announce(finding.bucket, at: index)
            }
        }
        endIfFull()
        let done = indices.lowerBound..<end
        var deaths = casualties.counts(of: block, done: done, targets: fuzzTarget.targets)
        for (number, target) in fuzzTarget.targets.enumerated() where leftOut >> UInt64(number) & 1 != 0 {
            TargetCounts.add(done.count, .leftOut, of: target, to: &deaths)
            TargetCounts.add(1, .leftOutBlocks, of: target, to: &deaths)
        }
        let notRun = casualties.countNotRun(
            done, of: block, others: leftOut, running: fuzzTarget.running)
        if notRun > 0 { deaths[TargetCounts.notRunKey] = UInt64(notRun) }
        let report = BlockReport(
            block: block, done: end - indices.lowerBound, sightings: sightings.values.sorted { $0.bucket < $1.bucket },
            counts: probe.takeCounts().merging(deaths) { $0 + $1 })
        let text = Array(report.text.utf8)
        // The campaign may be busy with something else for a while.
        board.rest(worker: number)
        tell(text)
        board.note(block: nil, worker: number)
    }

    /// Ends this process when it holds too much memory: between looks from outside a whole block may have passed.
    private func endIfFull() {
        guard let mostHeld, MemoryGauge(process: getpid()).held > mostHeld else { return }
        board.noteFull(worker: number)
        _exit(1)
    }

    /// Tells the campaign of a bucket at once, since this process and the campaign may end before the block does.
    private func announce(_ bucket: String, at index: UInt64) {
        if !announced.insert(bucket).inserted { return }
        // The campaign may be busy with something else for a while.
        board.rest(worker: number)
        tell(EarlyHit(bucket: bucket, index: index).line)
    }

    /// Tells the campaign something, or ends this process when a patcher has made that impossible.
    private func tell(_ bytes: [UInt8]) {
        if !output.write(bytes) { endMute() }
    }

    /// Ends this process when a patcher has closed what it tells the campaign by.
    private func checkOutput() {
        if !output.isOpen { endMute() }
    }

    /// Ends this process, which cannot tell the campaign anything.
    private func endMute() -> Never {
        board.noteCut(worker: number)
        _exit(1)
    }

    // MARK: After a death

    /// Finds out which patcher a child died of, if it was one.
    private func settle(_ death: ChildExit, _ probe: any CaseExecutor) {
        switch death.cause {
        case _ where probe.isCertain(target: death.patcher, isKilled: death.isFromOutside): break
        case .outside where casualties.strike(at: death.index) < 3: return
        // A machine may stand still for a while; a patcher that only waits does it twice, and then it is known to hang.
        case .hang
        where !death.isBusy && !isKnown(toHang: death.patcher) && casualties.strike(at: death.index) < 2:
            if let patcher = death.patcher {
                output.write(Doubt(target: fuzzTarget.targets[patcher], index: death.index).line)
            }
            return
        case .leak:
            settleLeak(death, probe)
            return
        case .descriptor:
            // The patcher was not the last to be run, and neither need the case be.
            if let block = first, let (patcher, death) = culprit(in: indices(of: block), probe) {
                blame(patcher, death)
                return
            }
        default: break
        }
        if let patcher = death.patcher {
            blame(patcher, death)
            return
        }
        // It died between two patchers: of what one of them has left behind, in this case or in an earlier one.
        let alone = death.index..<(death.index + 1)
        if let (patcher, death) = culprit(in: alone, probe) {
            blame(patcher, death)
            return
        }
        guard let block = first, casualties.strike(at: death.index) >= 3 else { return }
        if let (patcher, death) = culprit(in: indices(of: block), probe) {
            blame(patcher, death, isLasting: true)
            return
        }
        Output.note(
            "error: case \(death.index) of seed \(configuration.cases.seed) ends workers, but no patcher does alone\n")
        _exit(1)
    }

    /// Finds out which patcher takes memory and does not give it back, if a block is enough to show that.
    ///
    /// The first time memory may be of the blocks before, and the block is run again in a child that holds nothing. So what
    /// is counted does not depend on how many blocks a child has run. A leak that takes longer to show is told of, not counted.
    private func settleLeak(_ death: ChildExit, _ probe: any CaseExecutor) {
        guard let block = first else { return }
        let indices = indices(of: block)
        let others = fuzzTarget.targets.indices.filter(fuzzTarget.isForeign)
        if casualties.strike(at: indices.lowerBound) < 2 {
            // With one patcher from outside it is known whose it is.
            if others.count != 1 { return }
            announce(death.finding(against: fuzzTarget.targets[others[0]]).bucket, at: death.index)
        } else if let patcher = culprit(in: indices, probe)?.0 ?? death.patcher ?? others.first {
            var death = death
            death.index = indices.lowerBound
            blame(patcher, death, isLasting: true)
        } else {
            Output.note("error: the cases from \(indices.lowerBound) on take more memory than they may\n")
            _exit(1)
        }
    }

    private func isKnown(toHang patcher: Int?) -> Bool {
        patcher.map(board.isKnown(toHang:)) ?? false
    }

    private func blame(_ patcher: Int, _ death: ChildExit, isLasting: Bool = false) {
        if death.kind == .hang { board.noteHang(of: patcher) }
        let finding = death.finding(against: fuzzTarget.targets[patcher])
        announce(finding.bucket, at: death.index)
        casualties.blame(patcher, for: finding, as: death.kind, at: death.index, isLasting: isLasting)
    }

    /// The first patcher that alone ends a child on some cases, and how.
    private func culprit(in indices: Range<UInt64>, _ probe: any CaseExecutor) -> (Int, ChildExit)? {
        for patcher in fuzzTarget.targets.indices {
            var found: ChildExit?
            server.run {
                if found != nil { return }
                probe.run(indices) { index in
                    checkOutput()
                    board.begin(index: index, worker: number)
                    return ~(1 << UInt64(patcher)) | casualties.excluded(at: index, of: first ?? 0)
                } found: { _, _ in
                }
                checkOutput()
                endIfFull()
            } died: { death in
                found = death
            }
            if let found { return (patcher, found) }
        }
        return nil
    }
}
