import BPF
import CProcess
import Foundation
import Synchronization
import SystemPackage
import UserFiles

/// Memory that processes share: who is where, and when to stop.
///
/// A worker writes the index that it is about to run before it starts, and the patcher that it is about to ask, so that
/// what ended it is known. Threads may share it: every word is atomic.
///
/// - Shape: 64-bit words; the campaign's own first, one for each target that there can be, and eight for each worker
@safe
package final class SharedProgress: @unchecked Sendable {
    private enum Word: Int {
        case next = 0
        case stop = 1
        /// The targets that have hung, a bit each.
        case hanging = 2
        case epochStart = 3
        case epochEnd = 4
        /// How many targets have a share.
        case shareCount = 5
        case shares = 8
        case workers = 72
    }

    private enum WorkerWord: Int {
        case index = 0
        /// One more than the block that the worker is in, or 0.
        case block = 1
        /// 1 while a case is run.
        case isBusy = 2
        /// One more than the number of the patcher that is being asked, or 0.
        case patcher = 3
        /// The bits of a ``Fault``, or 0.
        case fault = 4
        /// 1 when a child has come to its end by itself, 2 when it cannot tell what it has done.
        case isDone = 5
        /// The bits of a ``FaultPlace``.
        case faultPlace = 6
        /// 1 when a child has seen that it holds too much memory.
        case isFull = 7
        /// When the case was begun, by the clock that all processes share, or 0.
        case start = 8
    }

    /// A multiple of a cache line, so that workers do not share one.
    private static let wordsPerWorker = 16
    private let memory: UnsafeMutableRawPointer
    private let length: Int
    /// The file that other processes map too, or `nil`.
    let file: FileDescriptor?

    /// Maps a file of zeros, made if it is missing.
    ///
    /// - Parameter jobs: the number of workers that there is room for
    /// - Throws: ``CampaignError`` when the file cannot be made or mapped
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

    /// Maps memory that another process shares, and closes its file: a patcher may write to any descriptor that it finds.
    ///
    /// - Parameters:
    ///   - inherited: the descriptor of ``file`` in this process
    ///   - jobs: the number of workers that there is room for
    /// - Throws: ``CampaignError`` when the file cannot be mapped
    package init(inherited: FileDescriptor, jobs: Int) throws(CampaignError) {
        length = Self.length(jobs)
        file = nil
        defer { inherited.end() }
        unsafe memory = try SharedProgress.map(length, inherited)
    }

    /// Maps a file in memory, which another process can be given.
    ///
    /// - Parameter jobs: the number of workers that there is room for
    /// - Throws: ``CampaignError`` when there is no memory
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

    /// Maps memory that only this process and its children share.
    ///
    /// - Throws: ``CampaignError`` when there is no memory
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

    /// Does something with one word, which other processes may change at the same time.
    private func withWord<Result>(_ number: Int, _ body: (borrowing Atomic<UInt64>) -> Result) -> Result {
        unsafe body((memory + number * 8).assumingMemoryBound(to: Atomic<UInt64>.self).pointee)
    }

    private func word(_ worker: Int, _ word: WorkerWord) -> Int {
        Word.workers.rawValue + worker * SharedProgress.wordsPerWorker + word.rawValue
    }

    /// Lets the first block that is claimed be this one.
    func start(at block: UInt64) { withWord(Word.next.rawValue) { $0.store(block, ordering: .relaxed) } }

    /// Takes the next block for a worker; `nil` when the campaign stops.
    ///
    /// It is noted before it is taken, so that no block is lost with a worker that dies in between; one that two workers then
    /// run is counted once. At the end of an epoch a worker waits for the next.
    ///
    /// - Parameter isBeyond: returns true for a block that the campaign does not have
    func claim(worker: Int, isBeyond: (UInt64) -> Bool) -> UInt64? {
        while !isStopping {
            let block = withWord(Word.next.rawValue) { $0.load(ordering: .relaxed) }
            if isBeyond(block) { break }
            if block >= withWord(Word.epochEnd.rawValue, { $0.load(ordering: .acquiring) }) {
                note(block: nil, worker: worker)
                usleep(Self.tick)
                continue
            }
            note(block: block, worker: worker)
            let isTaken = withWord(Word.next.rawValue) {
                $0.compareExchange(expected: block, desired: block + 1, ordering: .sequentiallyConsistent).exchanged
            }
            if isTaken { return block }
        }
        note(block: nil, worker: worker)
        return nil
    }

    /// How often a worker looks whether the next epoch has begun.
    ///
    /// - Units: microseconds
    private static let tick: UInt32 = 100

    /// Lets workers run the blocks of an epoch; those of the one before have all been run.
    func publish(_ epoch: Epoch) {
        withWord(Word.epochStart.rawValue) { $0.store(epoch.start, ordering: .relaxed) }
        withWord(Word.shareCount.rawValue) { $0.store(UInt64(epoch.shares.count), ordering: .relaxed) }
        for (target, share) in epoch.shares.enumerated() {
            withWord(Word.shares.rawValue + target) { $0.store(share, ordering: .relaxed) }
        }
        withWord(Word.epochEnd.rawValue) { $0.store(epoch.end, ordering: .releasing) }
    }

    /// The epoch of a block that a worker has claimed.
    var epoch: Epoch {
        let end = withWord(Word.epochEnd.rawValue) { $0.load(ordering: .acquiring) }
        let start = withWord(Word.epochStart.rawValue) { $0.load(ordering: .relaxed) }
        let count = withWord(Word.shareCount.rawValue) { $0.load(ordering: .relaxed) }
        let shares = (0..<Int(count)).map { target in
            withWord(Word.shares.rawValue + target) { $0.load(ordering: .relaxed) }
        }
        return Epoch(start: start, end: end, shares: shares)
    }

    /// Notes that a target hangs, so that no worker waits twice for it again.
    func noteHang(of target: Int) {
        withWord(Word.hanging.rawValue) { _ = $0.bitwiseOr(1 << UInt64(target), ordering: .relaxed) }
    }

    /// Whether a target has hung.
    func isKnown(toHang target: Int) -> Bool {
        withWord(Word.hanging.rawValue) { $0.load(ordering: .relaxed) } >> UInt64(target) & 1 != 0
    }

    /// Whether workers are to end after their block, or sooner.
    package var isStopping: Bool { withWord(Word.stop.rawValue) { $0.load(ordering: .relaxed) } != 0 }

    /// Whether workers are to end after the case that they are at.
    var isAbandoning: Bool { withWord(Word.stop.rawValue) { $0.load(ordering: .relaxed) } == 2 }

    /// Lets workers end after their block, so that what has been run is one range without gaps.
    package func stop() { withWord(Word.stop.rawValue) { $0.store(1, ordering: .relaxed) } }

    /// Lets workers end after the case that they are at, and leave the rest of their block.
    func abandon() { withWord(Word.stop.rawValue) { $0.store(2, ordering: .relaxed) } }

    /// Notes the block that a worker has begun, or that it is between blocks.
    func note(block: UInt64?, worker: Int) {
        withWord(word(worker, .block)) { $0.store(block.map { $0 + 1 } ?? 0, ordering: .relaxed) }
    }

    /// Notes the index that a worker is about to run.
    @inline(__always)
    func begin(index: UInt64, worker: Int) {
        withWord(word(worker, .index)) { $0.store(index, ordering: .relaxed) }
        withWord(word(worker, .isBusy)) { $0.store(1, ordering: .relaxed) }
    }

    /// Notes that a worker waits and cannot be late.
    func rest(worker: Int) { withWord(word(worker, .isBusy)) { $0.store(0, ordering: .relaxed) } }

    /// The block that a worker is in, `nil` between blocks, and the case that it is at.
    func position(ofWorker worker: Int) -> (block: UInt64?, index: UInt64) {
        let block = withWord(word(worker, .block)) { $0.load(ordering: .relaxed) }
        return (block == 0 ? nil : block - 1, withWord(word(worker, .index)) { $0.load(ordering: .relaxed) })
    }

    // MARK: What a child of a worker says of itself

    /// Forgets what the child before has said, but not where it was.
    func beginChild(ofWorker worker: Int) {
        for part in [WorkerWord.isBusy, .patcher, .fault, .faultPlace, .isDone, .isFull] {
            withWord(word(worker, part)) { $0.store(0, ordering: .relaxed) }
        }
    }

    /// Notes that a child has come to its end by itself.
    func noteDone(worker: Int) { withWord(word(worker, .isDone)) { $0.store(1, ordering: .relaxed) } }

    /// Whether a child has come to its end by itself.
    func isDone(worker: Int) -> Bool { withWord(word(worker, .isDone)) { $0.load(ordering: .relaxed) } == 1 }

    /// Notes that a child cannot tell what it has done.
    func noteCut(worker: Int) { withWord(word(worker, .isDone)) { $0.store(2, ordering: .relaxed) } }

    /// Whether a child cannot tell what it has done.
    func isCut(worker: Int) -> Bool { withWord(word(worker, .isDone)) { $0.load(ordering: .relaxed) } == 2 }

    /// Notes that a child holds too much memory.
    func noteFull(worker: Int) { withWord(word(worker, .isFull)) { $0.store(1, ordering: .relaxed) } }

    /// Whether a child has seen that it holds too much memory.
    func isFull(worker: Int) -> Bool { withWord(word(worker, .isFull)) { $0.load(ordering: .relaxed) } != 0 }

    /// Notes when the case was begun that a child is at; written by the process that watches it.
    ///
    /// - Units: nanoseconds of the clock that all processes share
    func note(start: UInt64, worker: Int) {
        withWord(word(worker, .start)) { $0.store(start, ordering: .relaxed) }
    }

    /// When the case was begun that a child is at; 0 when none was.
    ///
    /// - Units: nanoseconds of the clock that all processes share
    func start(ofWorker worker: Int) -> UInt64 { withWord(word(worker, .start)) { $0.load(ordering: .relaxed) } }

    /// Whether a case is being run.
    func isBusy(worker: Int) -> Bool { withWord(word(worker, .isBusy)) { $0.load(ordering: .relaxed) } != 0 }

    /// What a child writes in place of a patcher's number when it cannot go on and nobody that it asks is to blame.
    static let givenUp = UInt64.max

    /// Whether a child has said that it cannot go on.
    func hasGivenUp(worker: Int) -> Bool {
        withWord(word(worker, .patcher)) { $0.load(ordering: .relaxed) } == Self.givenUp
    }

    /// The number of the patcher that is being asked, or `nil`.
    func patcher(ofWorker worker: Int) -> Int? {
        let number = withWord(word(worker, .patcher)) { $0.load(ordering: .relaxed) }
        return number == 0 ? nil : Int(number) - 1
    }

    /// The word to which one more than the number of the patcher that is being asked is written, or 0.
    func patcherWord(ofWorker worker: Int) -> UnsafeTypedBuffer<Slot, UInt64> { buffer(of: word(worker, .patcher)) }

    /// The word to which a signal handler writes what an address is.
    func faultWord(ofWorker worker: Int) -> UnsafeTypedBuffer<Slot, UInt64> { buffer(of: word(worker, .fault)) }

    /// The word to which a signal handler writes where an address is.
    func faultPlaceWord(ofWorker worker: Int) -> UnsafeTypedBuffer<Slot, UInt64> {
        buffer(of: word(worker, .faultPlace))
    }

    private func buffer(of word: Int) -> UnsafeTypedBuffer<Slot, UInt64> {
        unsafe UnsafeTypedBuffer(unsafeBase: (memory + word * 8).assumingMemoryBound(to: UInt64.self), capacity: 1)
    }
}
