import BPF
import CProcess
import Foundation
import Synchronization
import SystemPackage
import UserFiles

/// Memory shared by the processes of a campaign: the progress of each worker, and the request to stop.
///
/// A worker writes the case and the patcher that it is about to run, so that its death can be attributed. Every word is
/// atomic, so threads may share it too.
///
/// - Shape: 64-bit words: those of the campaign, 64 for the targets, and sixteen for each worker
@safe
package final class SharedProgress: @unchecked Sendable {
    private enum Word: Int {
        case next = 0
        case stop = 1
        /// A bit for each target, set after a hang.
        case hanging = 2
        case epochStart = 3
        case epochEnd = 4
        /// The number of targets with a share.
        case shareCount = 5
        case shares = 8
        case workers = 72
    }

    private enum WorkerWord: Int {
        case index = 0
        /// The current block plus one, or 0 between blocks.
        case block = 1
        /// 1 while a case is running.
        case isBusy = 2
        /// The number of the running patcher plus one, or 0.
        case patcher = 3
        /// The word of a ``Fault``, or 0.
        case fault = 4
        /// 1 if the child completed its work, 2 if its output was closed.
        case isDone = 5
        /// The word of a ``FaultPlace``.
        case faultPlace = 6
        /// 1 if the child exceeds its memory limit.
        case isOverMemory = 7
        /// The start of the case by the monotonic clock, or 0.
        case start = 8
    }

    /// A multiple of the cache line, to avoid false sharing.
    private static let wordsPerWorker = 16
    private let memory: UnsafeMutableRawPointer
    private let length: Int
    /// The file that other processes map too, or `nil`.
    let file: FileDescriptor?

    /// Maps a file; a new file is filled with zeros.
    ///
    /// - Parameter jobs: the number of workers
    /// - Throws: ``CampaignError`` if the file cannot be made or mapped
    package init(path: String, jobs: Int) throws(CampaignError) {
        length = Self.length(jobs)
        let file: FileDescriptor
        do throws(Errno) { file = try .opening(path, .readWrite, .create, permissions: .ownerReadWrite) } catch {
            throw CampaignError("\(path): cannot be opened: \(error.reason)")
        }
        do throws(Errno) { try file.allocate(length) } catch {
            throw CampaignError("\(path): cannot be made: \(error.reason)")
        }
        self.file = file
        unsafe memory = try SharedProgress.map(length, file)
    }

    /// Maps the memory of another process and closes its file, since a patcher may write to any open descriptor.
    ///
    /// - Parameters:
    ///   - inherited: the descriptor of ``file`` in this process
    ///   - jobs: the number of workers in the shared memory
    /// - Throws: ``CampaignError`` if the file cannot be mapped
    package init(inherited: FileDescriptor, jobs: Int) throws(CampaignError) {
        length = Self.length(jobs)
        file = nil
        defer { inherited.end() }
        unsafe memory = try SharedProgress.map(length, inherited)
    }

    /// Maps an anonymous file (`memfd`) that another process can inherit.
    ///
    /// - Parameter jobs: the number of workers
    /// - Throws: ``CampaignError`` if there is no memory
    init(inMemoryFor jobs: Int) throws(CampaignError) {
        length = Self.length(jobs)
        let file = FileDescriptor(rawValue: process_open_memory())
        do throws(Errno) {
            if file.rawValue < 0 { throw Errno.last }
            try file.setSize(length)
        } catch {
            throw CampaignError("memory for a process cannot be made: \(error.reason)")
        }
        self.file = file
        unsafe memory = try SharedProgress.map(length, file)
    }

    private static func length(_ jobs: Int) -> Int { (Word.workers.rawValue + jobs * wordsPerWorker) * 8 }

    /// Maps memory shared by this process and its forked children.
    ///
    /// - Throws: ``CampaignError`` if there is no memory
    init() throws(CampaignError) {
        length = Self.length(1)
        file = nil
        unsafe memory = try SharedProgress.map(length, nil)
    }

    private static func map(_ length: Int, _ file: FileDescriptor?) throws(CampaignError) -> UnsafeMutableRawPointer {
        let flags = file == nil ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED
        guard let mapped = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, flags, file?.rawValue ?? -1, 0),
            unsafe mapped != MAP_FAILED
        else {
            throw CampaignError("memory for workers cannot be mapped: \(Errno.last.reason)")
        }
        return unsafe mapped
    }

    deinit {
        unsafe munmap(memory, length)
        file?.end()
    }

    /// Accesses one word, which other processes may change at the same time.
    private func withWord<Result>(_ number: Int, _ body: (borrowing Atomic<UInt64>) -> Result) -> Result {
        unsafe body((memory + number * 8).assumingMemoryBound(to: Atomic<UInt64>.self).pointee)
    }

    private func word(_ worker: Int, _ word: WorkerWord) -> Int {
        Word.workers.rawValue + worker * SharedProgress.wordsPerWorker + word.rawValue
    }

    /// Sets the first block to be claimed.
    func start(at block: UInt64) { withWord(Word.next.rawValue) { $0.store(block, ordering: .relaxed) } }

    /// Claims the next block for a worker; `nil` if the campaign stops. Waits at the end of an epoch.
    ///
    /// The worker writes the block number before it claims the block. So the block is not lost if the worker dies in
    /// between. If two workers run a block for this reason, it is counted once.
    ///
    /// - Parameter isBeyond: returns true for a block after the end of the campaign
    func claim(worker: Int, isBeyond: (UInt64) -> Bool) -> UInt64? {
        while !isStopping {
            let block = withWord(Word.next.rawValue) { $0.load(ordering: .relaxed) }
            if isBeyond(block) { break }
            if block >= withWord(Word.epochEnd.rawValue, { $0.load(ordering: .acquiring) }) {
                set(block: nil, worker: worker)
                usleep(Self.tick)
                continue
            }
            set(block: block, worker: worker)
            let isTaken = withWord(Word.next.rawValue) {
                $0.compareExchange(expected: block, desired: block + 1, ordering: .sequentiallyConsistent).exchanged
            }
            if isTaken { return block }
        }
        set(block: nil, worker: worker)
        return nil
    }

    /// The interval at which a worker checks for the next epoch.
    ///
    /// - Units: microseconds
    private static let tick: UInt32 = 100

    /// Publishes an epoch, whose blocks workers may run; the previous one is complete.
    func publish(_ epoch: Epoch) {
        withWord(Word.epochStart.rawValue) { $0.store(epoch.start, ordering: .relaxed) }
        withWord(Word.shareCount.rawValue) { $0.store(UInt64(epoch.shares.count), ordering: .relaxed) }
        for (target, share) in epoch.shares.enumerated() {
            withWord(Word.shares.rawValue + target) { $0.store(share, ordering: .relaxed) }
        }
        withWord(Word.epochEnd.rawValue) { $0.store(epoch.end, ordering: .releasing) }
    }

    /// The epoch of a claimed block.
    var epoch: Epoch {
        let end = withWord(Word.epochEnd.rawValue) { $0.load(ordering: .acquiring) }
        let start = withWord(Word.epochStart.rawValue) { $0.load(ordering: .relaxed) }
        let count = withWord(Word.shareCount.rawValue) { $0.load(ordering: .relaxed) }
        let shares = (0..<Int(count)).map { target in
            withWord(Word.shares.rawValue + target) { $0.load(ordering: .relaxed) }
        }
        return Epoch(start: start, end: end, shares: shares)
    }

    /// Marks a target as hanging. From then on, no worker runs a case of it again after a timeout.
    func markHanging(_ target: Int) {
        withWord(Word.hanging.rawValue) { _ = $0.bitwiseOr(1 << UInt64(target), ordering: .relaxed) }
    }

    /// Returns true if a target was marked as hanging.
    func isHanging(_ target: Int) -> Bool {
        withWord(Word.hanging.rawValue) { $0.load(ordering: .relaxed) } >> UInt64(target) & 1 != 0
    }

    /// True if workers must end after their block or sooner.
    package var isStopping: Bool { withWord(Word.stop.rawValue) { $0.load(ordering: .relaxed) } != 0 }

    /// True if workers must end after their case.
    var isAbandoning: Bool { withWord(Word.stop.rawValue) { $0.load(ordering: .relaxed) } == 2 }

    /// Makes workers end after their block, so that the completed cases form one range without gaps.
    package func stop() { withWord(Word.stop.rawValue) { $0.store(1, ordering: .relaxed) } }

    /// Makes workers end after their case, in the middle of a block.
    func abandon() { withWord(Word.stop.rawValue) { $0.store(2, ordering: .relaxed) } }

    /// Sets the current block of a worker, `nil` between blocks.
    func set(block: UInt64?, worker: Int) {
        withWord(word(worker, .block)) { $0.store(block.map { $0 + 1 } ?? 0, ordering: .relaxed) }
    }

    /// Sets the case that a worker is about to run.
    @inline(__always)
    func begin(index: UInt64, worker: Int) {
        withWord(word(worker, .index)) { $0.store(index, ordering: .relaxed) }
        withWord(word(worker, .isBusy)) { $0.store(1, ordering: .relaxed) }
    }

    /// Marks a worker as waiting, so that no time limit applies.
    func rest(worker: Int) { withWord(word(worker, .isBusy)) { $0.store(0, ordering: .relaxed) } }

    /// The current block of a worker, `nil` between blocks, and its current case.
    func position(ofWorker worker: Int) -> (block: UInt64?, index: UInt64) {
        let block = withWord(word(worker, .block)) { $0.load(ordering: .relaxed) }
        return (block == 0 ? nil : block - 1, withWord(word(worker, .index)) { $0.load(ordering: .relaxed) })
    }

    // MARK: The child of a worker

    /// Clears the words of the previous child, except for its block and case.
    func beginChild(ofWorker worker: Int) {
        for part in [WorkerWord.isBusy, .patcher, .fault, .faultPlace, .isDone, .isOverMemory] {
            withWord(word(worker, part)) { $0.store(0, ordering: .relaxed) }
        }
    }

    /// Marks the work of a child as completed.
    func markDone(worker: Int) { withWord(word(worker, .isDone)) { $0.store(1, ordering: .relaxed) } }

    /// Returns true if a child completed its work.
    func isDone(worker: Int) -> Bool { withWord(word(worker, .isDone)) { $0.load(ordering: .relaxed) } == 1 }

    /// Marks the output of a child as closed by a patcher, so that the child cannot report its work.
    func markOutputLost(worker: Int) { withWord(word(worker, .isDone)) { $0.store(2, ordering: .relaxed) } }

    /// Returns true if a patcher closed the output of a child.
    func hasLostOutput(worker: Int) -> Bool { withWord(word(worker, .isDone)) { $0.load(ordering: .relaxed) } == 2 }

    /// Marks a child as exceeding its memory limit.
    func markOverMemory(worker: Int) { withWord(word(worker, .isOverMemory)) { $0.store(1, ordering: .relaxed) } }

    /// Returns true if a child exceeds its memory limit.
    func isOverMemory(worker: Int) -> Bool {
        withWord(word(worker, .isOverMemory)) { $0.load(ordering: .relaxed) } != 0
    }

    /// Sets the start of the current case; called by the fork server.
    ///
    /// - Units: nanoseconds of the monotonic clock
    func set(start: UInt64, worker: Int) {
        withWord(word(worker, .start)) { $0.store(start, ordering: .relaxed) }
    }

    /// The start of the current case, or 0.
    ///
    /// - Units: nanoseconds of the monotonic clock
    func start(ofWorker worker: Int) -> UInt64 { withWord(word(worker, .start)) { $0.load(ordering: .relaxed) } }

    /// Returns true while a case is running.
    func isBusy(worker: Int) -> Bool { withWord(word(worker, .isBusy)) { $0.load(ordering: .relaxed) } != 0 }

    /// The value of the patcher word after an error of the child that no target caused.
    static let givenUp = UInt64.max

    /// Returns true if a child ended with an error that no target caused.
    func hasGivenUp(worker: Int) -> Bool {
        withWord(word(worker, .patcher)) { $0.load(ordering: .relaxed) } == Self.givenUp
    }

    /// The number of the running patcher, or `nil`.
    func patcher(ofWorker worker: Int) -> Int? {
        let number = withWord(word(worker, .patcher)) { $0.load(ordering: .relaxed) }
        return number == 0 ? nil : Int(number) - 1
    }

    /// The word for the number of the running patcher plus one, or 0.
    func patcherWord(ofWorker worker: Int) -> UnsafeTypedBuffer<Slot, UInt64> { buffer(of: word(worker, .patcher)) }

    /// The word for the ``Fault``, written by a signal handler.
    func faultWord(ofWorker worker: Int) -> UnsafeTypedBuffer<Slot, UInt64> { buffer(of: word(worker, .fault)) }

    /// The word for the ``FaultPlace``, written by a signal handler.
    func faultPlaceWord(ofWorker worker: Int) -> UnsafeTypedBuffer<Slot, UInt64> {
        buffer(of: word(worker, .faultPlace))
    }

    private func buffer(of word: Int) -> UnsafeTypedBuffer<Slot, UInt64> {
        unsafe UnsafeTypedBuffer(unsafeBase: (memory + word * 8).assumingMemoryBound(to: UInt64.self), capacity: 1)
    }
}
