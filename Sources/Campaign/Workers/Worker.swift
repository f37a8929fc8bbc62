import Foundation
import Fuzzing
import LinuxBPF

/// The inside of a worker process: takes blocks of indices and runs their cases until there are none left.
public struct Worker {
    private let settings: CampaignSettings
    private let board: SharedBoard
    private let number: Int
    private let first: UInt64?
    private let alone: UInt64?
    private let skipped: Set<UInt64>
    /// What has been seen in each bucket and not been said yet.
    private var pending: [String: Sighting] = [:]

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - number: which of the board's workers it is
    ///   - first: a block that another worker did not finish
    ///   - skipped: cases of that block that are known to kill a worker
    ///   - alone: the only case to run, if any
    /// - Throws: ``CampaignError`` when the board cannot be mapped
    public init(
        settings: CampaignSettings, board: String, number: Int, first: UInt64?, skipped: Set<UInt64>,
        alone: UInt64? = nil
    ) throws(CampaignError) {
        self.settings = settings
        self.board = try SharedBoard(path: board, jobs: max(settings.jobs, number + 1))
        self.number = number
        self.first = first
        self.alone = alone
        self.skipped = skipped
    }

    /// Runs until the campaign ends, or the process that started this one does.
    public mutating func run() {
        watchLeash()
        let bases = ObjectCollection(paths: settings.objects).programs.map(\.program)
        var fuzzer = Fuzzer(
            seed: settings.seed, bases: bases, workloads: settings.workloads,
            patchers: settings.patchers.map { $0.make() })
        if let alone {
            _ = fuzzer.run(index: alone)
            return
        }
        let limit = settings.cases ?? UInt64.max
        var next = first ?? board.claim(worker: number)
        while let block = next {
            let indices = settings.shard.indices(ofBlock: block, limit: limit)
            if indices.isEmpty {
                board.note(block: nil, worker: number)
                return
            }
            run(block, indices, &fuzzer)
            next = board.claim(worker: number)
        }
    }

    private mutating func run(_ block: UInt64, _ indices: Range<UInt64>, _ fuzzer: inout Fuzzer) {
        board.note(block: block, worker: number)
        for index in indices {
            board.note(index: index, worker: number)
            if !skipped.isEmpty && skipped.contains(index) { continue }
            if !fuzzer.run(index: index) { note(fuzzer.findings, at: index) }
        }
        // Without a reader there is no campaign any more, and the leash ends this worker.
        try? Output.write(BlockReport(block: block, sightings: pending.values.sorted { $0.bucket < $1.bucket }).text)
        pending.removeAll(keepingCapacity: true)
        board.note(block: nil, worker: number)
    }

    private mutating func note(_ findings: [Finding], at index: UInt64) {
        for finding in findings {
            let known = pending[finding.bucket]
            pending[finding.bucket] = Sighting(
                bucket: finding.bucket, index: min(known?.index ?? index, index), count: (known?.count ?? 0) + 1)
        }
    }

    /// Ends this process when the one that started it is gone and its end of standard input with it, even in the middle of
    /// a case.
    private func watchLeash() {
        Thread.detachNewThread {
            var leash = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            while unsafe poll(&leash, 1, -1) < 0 && errno == EINTR {}
            _exit(0)
        }
    }
}
