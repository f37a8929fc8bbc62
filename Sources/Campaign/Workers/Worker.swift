import Foundation
import Fuzzing
import LinuxBPF

/// The inside of a worker process: takes blocks of indices and runs their cases until there are none left.
public struct Worker {
    /// How many indices a worker takes at a time; small, because it ends only between blocks.
    static let blockSize: UInt64 = 128

    private let settings: CampaignSettings
    private let board: SharedBoard
    private let number: Int
    private let rest: Range<UInt64>
    private let skipped: Set<UInt64>
    /// What has been seen in each bucket and not been said yet.
    private var pending: [String: Sighting] = [:]

    /// Makes a worker.
    ///
    /// - Parameters:
    ///   - number: which of the board's workers it is
    ///   - rest: a block that another worker did not finish
    ///   - skipped: cases of that block that are known to kill a worker
    /// - Throws: ``CampaignError`` when the board cannot be mapped
    public init(
        settings: CampaignSettings, board: String, number: Int, rest: Range<UInt64>, skipped: Set<UInt64>
    ) throws(CampaignError) {
        self.settings = settings
        self.board = try SharedBoard(path: board, jobs: max(settings.jobs, number + 1))
        self.number = number
        self.rest = rest
        self.skipped = skipped
    }

    /// Runs until the campaign ends, or the process that started this one does.
    public mutating func run() {
        watchLeash()
        let bases = ObjectCollection(paths: settings.objects).programs.map(\.program)
        var fuzzer = Fuzzer(
            seed: settings.seed, bases: bases, workloads: settings.workloads, limits: settings.limits,
            patchers: settings.terms.make(settings.patchers), beyondContract: settings.terms.beyondContract)
        let limit = settings.cases ?? UInt64.max
        var block = rest.isEmpty ? board.claim(Worker.blockSize, limit: limit) : rest
        while !block.isEmpty {
            run(block, &fuzzer)
            block = board.claim(Worker.blockSize, limit: limit)
        }
    }

    private mutating func run(_ block: Range<UInt64>, _ fuzzer: inout Fuzzer) {
        board.begin(block, worker: number)
        for index in block {
            board.note(index: index, worker: number)
            if !skipped.isEmpty && skipped.contains(index) { continue }
            if !fuzzer.run(index: index) { note(fuzzer.findings, at: index) }
        }
        // Said before the block counts as done: a worker that dies in between repeats it rather than loses it.
        report()
        board.end(block, worker: number)
    }

    private mutating func note(_ findings: [Finding], at index: UInt64) {
        for finding in findings {
            let known = pending[finding.bucket]
            pending[finding.bucket] = Sighting(
                bucket: finding.bucket, index: min(known?.index ?? index, index), count: (known?.count ?? 0) + 1)
        }
    }

    /// Says what is new.
    private mutating func report() {
        if pending.isEmpty { return }
        let text = pending.values.sorted { $0.index < $1.index }.map(\.text).joined()
        // Without a reader there is no campaign any more, and the leash ends this worker.
        try? Output.write(text)
        pending.removeAll(keepingCapacity: true)
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
