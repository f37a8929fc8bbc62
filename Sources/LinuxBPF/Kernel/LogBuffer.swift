import BPF
import Glibc

/// The buffer of the verifier's log, which grows if a log does not fit.
struct LogBuffer: ~Copyable {
    /// The greatest length of a log.
    ///
    /// - Units: bytes
    /// - Source: `kernel/bpf/log.c`, `bpf_verifier_log_attr_valid`: less than 2^30
    static let limit = 1 << 30 - 1

    /// The length of the end of a log that is enough for the reason of a refusal.
    ///
    /// - Units: bytes
    static let longEnd = 1 << 21

    private var storage: Scratch<UInt8>

    /// Makes a buffer. It takes address space, and memory only when it is written.
    init(capacity: Int = 1 << 18) { storage = Scratch(capacity: min(capacity, Self.limit)) }

    var row: UnsafeTypedBuffer<Slot, UInt8> { storage.buffer() }

    /// Clears the log.
    func clear() { unsafe row[Slot(0)] = 0 }

    /// Makes the buffer eight times as long; returns false if it has its greatest length already.
    mutating func grow() -> Bool {
        if row.capacity >= Self.limit { return false }
        storage.reserve(min(row.capacity * 8, Self.limit))
        return true
    }

    /// The length of the log, up to its end mark.
    ///
    /// - Units: bytes
    /// - Complexity: O(length)
    var length: Int {
        let row = row
        return unsafe strnlen(UnsafeRawPointer(row.baseAddress).assumingMemoryBound(to: CChar.self), row.capacity)
    }

    /// The end of the log, which has the reason of a refusal.
    var ending: String {
        let length = length
        let count = min(length, 1 << 14)
        return unsafe String(
            decoding: UnsafeBufferPointer(start: row.baseAddress + (length - count), count: count), as: UTF8.self)
    }

    /// Frees the memory of a long log.
    func release() {
        if length < 1 << 24 { return clear() }
        let page = Int(getpagesize())
        let start = unsafe UnsafeMutableRawPointer(row.baseAddress)
        // Only whole pages are freed; the bytes before the first one are overwritten later.
        let skipped = (page - Int(bitPattern: start) % page) % page
        unsafe madvise(start + skipped, (row.capacity - skipped) / page * page, MADV_DONTNEED)
        clear()
    }

    /// For each slot, true if the verifier saw it on a path that can be taken, according to a log of level 2.
    ///
    /// Level 2 logs each instruction that the verifier looks at: hundreds of megabytes for a program with many paths. A
    /// path that only a speculating processor takes does not count. The second slot of a wide load is not in the log.
    ///
    /// - Complexity: O(bytes)
    /// - Source: `kernel/bpf/verifier.c`, `do_check`, `sanitize_mark_insn_seen`
    func seen(slots: Int) -> [Bool] {
        var seen = [Bool](repeating: false, count: slots)
        var isSpeculative = false
        var place = unsafe UnsafePointer(row.baseAddress)
        let end = unsafe place + length
        while unsafe place < end {
            let rest = unsafe memchr(place, 10, end - place)
            let next = unsafe rest.map { unsafe UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) } ?? end
            let line = unsafe UnsafeBufferPointer(start: place, count: next - place)
            if let slot = unsafe Self.visited(line) {
                if !isSpeculative && slot < slots { seen[slot] = true }
            } else if unsafe line.starts(with: Self.from) {
                unsafe isSpeculative = String(decoding: line, as: UTF8.self).contains("(speculative execution)")
            } else if unsafe line.starts(with: Self.validating) {
                isSpeculative = false
            }
            unsafe place = next + 1
        }
        return seen
    }

    private static let from = Array("from ".utf8)
    private static let validating = Array("Validating ".utf8)

    /// The slot in a line like `12: (b7) r0 = 1`; no other line starts in this way.
    @inline(__always)
    private static func visited(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
        var slot = 0
        var count = 0
        while count < min(line.count, 9), case let digit = unsafe line[count] &- 48, digit < 10 {
            slot = slot &* 10 &+ Int(digit)
            count &+= 1
        }
        if count == 0 || line.count < count &+ 3 { return nil }
        // A colon, a space and a parenthesis.
        return unsafe line[count] == 58 && line[count &+ 1] == 32 && line[count &+ 2] == 40 ? slot : nil
    }
}
