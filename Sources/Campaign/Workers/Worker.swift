import BPF
import Foundation
import Fuzzing
import LinuxBPF

/// The inside of a worker process: takes blocks of indices and runs their cases until there are none left.
///
/// The cases are run in children, which a patcher may end.
public final class Worker {
    private let settings: CampaignSettings
    private let board: SharedBoard
    private let number: Int
    private let server: ForkServer
    private let output: WorkerOutput
    private let bases: [Program]
    private let limit: UInt64
    private var first: UInt64?
    private var casualties = Casualties()
    /// The patchers that have hanged before, a bit each.
    private var hanging: UInt64 = 0

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - number: which of the board's workers it is
    ///   - first: a block that another worker did not finish
    /// - Throws: ``CampaignError`` when the board cannot be mapped
    public init(settings: CampaignSettings, board path: String, number: Int, first: UInt64?) throws(CampaignError) {
        self.settings = settings
        self.number = number
        self.first = first
        board = try SharedBoard(path: path, jobs: max(settings.jobs, number + 1))
        output = try WorkerOutput()
        server = ForkServer(
            board: board, number: number, budget: settings.subject.budget, keepsErrors: false)
        bases = ObjectCollection(paths: settings.subject.objects).programs.map(\.program)
        limit = settings.cases ?? UInt64.max
    }

    /// Runs until the campaign ends, or the process that started this one does.
    public func run() throws(CampaignError) {
        let probe = try settings.subject.makeProbe(
            seed: settings.seed, bases: bases, progress: board.patcherWord(ofWorker: number))
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

    private func runBlocks(_ probe: any CaseProbe) {
        var next = first ?? board.claim(worker: number)
        while let block = next {
            let indices = settings.shard.indices(ofBlock: block, limit: limit)
            if indices.isEmpty { break }
            run(block, indices, probe)
            next = board.claim(worker: number)
        }
        board.note(block: nil, worker: number)
    }

    private func run(_ block: UInt64, _ indices: Range<UInt64>, _ probe: any CaseProbe) {
        board.note(block: block, worker: number)
        var sightings = casualties.sightings(of: block)
        probe.run(indices) { index in
            board.begin(index: index, worker: number)
            return casualties.spared(at: index, of: block)
        } found: { index, findings in
            for finding in findings { sightings.add(finding.bucket, at: index) }
        }
        let report = BlockReport(
            block: block, sightings: sightings.values.sorted { $0.bucket < $1.bucket }, counts: probe.takeCounts())
        let text = Array(report.text.utf8)
        // The campaign may be busy with something else for a while.
        board.rest(worker: number)
        output.write(text)
        board.note(block: nil, worker: number)
    }

    // MARK: After a death

    /// Finds out which patcher a child died of, if it was one.
    private func settle(_ death: Death, _ probe: any CaseProbe) {
        switch death.cause {
        case let cause where probe.isCertain(target: death.patcher, isKilled: cause == .outside): break
        case .outside where casualties.strike(at: death.index) < 3: return
        // A machine may stand still for a while; a patcher that hangs does it twice, and then it is known.
        case .hang where !isKnown(toHang: death.patcher) && casualties.strike(at: death.index) < 2: return
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
        if let (patcher, death) = culprit(in: settings.shard.indices(ofBlock: block, limit: limit), probe) {
            blame(patcher, death, isLasting: true)
            return
        }
        Output.note("error: case \(death.index) of seed \(settings.seed) ends workers, but no patcher does alone\n")
        _exit(1)
    }

    private func isKnown(toHang patcher: Int?) -> Bool {
        patcher.map { hanging & 1 << UInt64($0) != 0 } ?? false
    }

    private func blame(_ patcher: Int, _ death: Death, isLasting: Bool = false) {
        if death.cause == .hang { hanging |= 1 << UInt64(patcher) }
        let finding = death.finding(against: settings.subject.targets[patcher])
        casualties.blame(patcher, for: finding, at: death.index, isLasting: isLasting)
    }

    /// The first patcher that alone ends a child on some cases, and how.
    private func culprit(in indices: Range<UInt64>, _ probe: any CaseProbe) -> (Int, Death)? {
        for patcher in settings.subject.targets.indices {
            var found: Death?
            server.run {
                if found != nil { return }
                probe.run(indices) { index in
                    board.begin(index: index, worker: number)
                    return ~(1 << UInt64(patcher))
                } found: { _, _ in
                }
            } died: { death in
                found = death
            }
            if let found { return (patcher, found) }
        }
        return nil
    }
}
