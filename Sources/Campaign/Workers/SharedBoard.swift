import BPF
import Foundation
import Synchronization

/// Memory that processes share: who is where, and when to stop.
///
/// A worker writes the index that it is about to run before it starts, and the patcher that it is about to ask, so that
/// what ended it is known.
///
/// - Shape: 64-bit words; the campaign's own first, then eight for each worker
@safe
public final class SharedBoard {
    private enum Word: Int {
        case next = 0
        case stop = 1
        case workers = 8
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
        /// 1 when a child has come to its end by itself.
        case isDone = 5
    }

    private static let wordsPerWorker = 8
    private let memory: UnsafeMutableRawPointer
    private let length: Int
    /// The file, which workers get with this number; -1 when there is none.
    let descriptor: Int32

    /// Maps a file of zeros, made if it is missing.
    ///
    /// - Parameter jobs: the number of workers that there is room for
    /// - Throws: ``CampaignError`` when the file cannot be made or mapped
    public init(path: String, jobs: Int) throws(CampaignError) {
        length = (Word.workers.rawValue + jobs * SharedBoard.wordsPerWorker) * 8
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CampaignError("\(path): cannot be opened: \(unsafe String(cString: strerror(errno)))")
        }
        // Allocated, not just made longer: a full disk must be an error here, not a signal later.
        let status = posix_fallocate(descriptor, 0, off_t(length))
        guard status == 0 else {
            throw CampaignError("\(path): cannot be made: \(unsafe String(cString: strerror(status)))")
        }
        unsafe memory = try SharedBoard.map(length, descriptor)
    }

    /// Maps memory that only this process and its children share.
    ///
    /// - Throws: ``CampaignError`` when there is no memory
    init() throws(CampaignError) {
        length = (Word.workers.rawValue + SharedBoard.wordsPerWorker) * 8
        descriptor = -1
        unsafe memory = try SharedBoard.map(length, -1)
    }

    private static func map(_ length: Int, _ descriptor: Int32) throws(CampaignError) -> UnsafeMutableRawPointer {
        let flags = descriptor < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED
        guard let mapped = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, flags, descriptor, 0),
            unsafe mapped != MAP_FAILED
        else {
            throw CampaignError("memory for workers cannot be mapped: \(unsafe String(cString: strerror(errno)))")
        }
        return unsafe mapped
    }

    deinit {
        unsafe munmap(memory, length)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Does something with one word, which other processes may change at the same time.
    private func withWord<Result>(_ number: Int, _ body: (borrowing Atomic<UInt64>) -> Result) -> Result {
        unsafe body((memory + number * 8).assumingMemoryBound(to: Atomic<UInt64>.self).pointee)
    }

    private func word(_ worker: Int, _ word: WorkerWord) -> Int {
        Word.workers.rawValue + worker * SharedBoard.wordsPerWorker + word.rawValue
    }

    /// Lets the first block that is claimed be this one.
    func start(at block: UInt64) { withWord(Word.next.rawValue) { $0.store(block, ordering: .relaxed) } }

    /// Takes the next block for a worker; `nil` when the campaign stops.
    ///
    /// It is noted before it is taken, so that no block is lost with a worker that dies in between; one that two workers then
    /// run is counted once.
    func claim(worker: Int) -> UInt64? {
        while !isStopping {
            let block = withWord(Word.next.rawValue) { $0.load(ordering: .relaxed) }
            note(block: block, worker: worker)
            let isTaken = withWord(Word.next.rawValue) {
                $0.compareExchange(expected: block, desired: block + 1, ordering: .sequentiallyConsistent).exchanged
            }
            if isTaken { return block }
        }
        note(block: nil, worker: worker)
        return nil
    }

    /// Whether workers are to end after their block.
    public var isStopping: Bool { withWord(Word.stop.rawValue) { $0.load(ordering: .relaxed) } != 0 }

    /// Lets workers end after their block, so that what has been run is one range without gaps.
    public func stop() { withWord(Word.stop.rawValue) { $0.store(1, ordering: .relaxed) } }

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
        for part in [WorkerWord.isBusy, .patcher, .fault, .isDone] {
            withWord(word(worker, part)) { $0.store(0, ordering: .relaxed) }
        }
    }

    /// Notes that a child has come to its end by itself.
    func noteDone(worker: Int) { withWord(word(worker, .isDone)) { $0.store(1, ordering: .relaxed) } }

    /// Whether a child has come to its end by itself.
    func isDone(worker: Int) -> Bool { withWord(word(worker, .isDone)) { $0.load(ordering: .relaxed) } != 0 }

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
    func patcherWord(ofWorker worker: Int) -> Row<Slot, UInt64> { row(of: word(worker, .patcher)) }

    /// The word to which a signal handler writes what an address is.
    func faultWord(ofWorker worker: Int) -> Row<Slot, UInt64> { row(of: word(worker, .fault)) }

    private func row(of word: Int) -> Row<Slot, UInt64> {
        unsafe Row(unsafeBase: (memory + word * 8).assumingMemoryBound(to: UInt64.self), capacity: 1)
    }
}
