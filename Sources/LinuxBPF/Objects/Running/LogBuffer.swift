import CLibbpf
import Glibc

/// A buffer for the log of the verifier, large enough for nearly every program, and what can be read out of it.
///
/// At level 2 the verifier writes a line for each instruction that it looks at, each time that it does: hundreds of
/// megabytes for a program with many paths. The buffer is that much address space; memory goes to it as it is written.
///
/// - Source: `kernel/bpf/verifier.c`, `do_check`; `kernel/bpf/log.c`, `bpf_verifier_log_attr_valid`
@safe final class LogBuffer {
    /// The most that the kernel takes as a size.
    private static let limit = Int(UInt32.max >> 2)
    /// What stays in memory from one program to the next.
    private static let kept = 1 << 24

    private let start: UnsafeMutableRawPointer
    /// The size of the buffer in bytes.
    let size: Int

    /// Sets address space aside: as much as the kernel takes, or half of the machine's memory.
    ///
    /// - Throws: ``ObjectError`` without a place when there is none
    init() throws(LibbpfLoader.Refusal) {
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        size = min(Self.limit, max(memory / 2, 1 << 20))
        let place = unsafe mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let place = unsafe place, unsafe place != MAP_FAILED else {
            throw LibbpfLoader.Refusal(message: "no memory for the log of the verifier: \(LibbpfLog.words(for: errno))")
        }
        unsafe start = place
    }

    deinit { unsafe munmap(start, size) }

    /// Lets a program of an open object write its log here.
    func attach(to program: OpaquePointer) {
        clear()
        _ = unsafe bpf_program__set_log_buf(program, start.assumingMemoryBound(to: CChar.self), size)
        _ = unsafe bpf_program__set_log_level(program, 2)
    }

    /// Forgets what was written, and gives memory back.
    private func clear() {
        if length > Self.kept { unsafe madvise(start, size, MADV_DONTNEED) }
        unsafe start.storeBytes(of: 0, as: UInt8.self)
    }

    /// How many bytes were written.
    private var length: Int { unsafe strnlen(start.assumingMemoryBound(to: CChar.self), size) }

    /// Which instructions the log says that the verifier looked at, one entry a slot.
    ///
    /// The second slot of a wide load is as its first, and is not in the log.
    ///
    /// - Complexity: O(bytes of the log)
    func seen(slots: Int) -> [Bool] {
        var seen = [Bool](repeating: false, count: slots)
        var place = unsafe UnsafePointer<UInt8>(start.assumingMemoryBound(to: UInt8.self))
        let end = unsafe place + length
        while unsafe place < end {
            // `12: (b7) r0 = 0`: nothing else in the log starts a line so.
            var number = 0
            var digits = 0
            while unsafe place < end, case let digit = unsafe place.pointee &- 48, digit < 10, digits < 9 {
                number = number &* 10 &+ Int(digit)
                digits += 1
                unsafe place += 1
            }
            if unsafe digits > 0 && end - place >= 3 && place[0] == 58 && place[1] == 32 && place[2] == 40,
                number < slots
            {
                seen[number] = true
            }
            guard let next = unsafe memchr(place, 10, end - place) else { break }
            unsafe place = UnsafePointer(next.assumingMemoryBound(to: UInt8.self)) + 1
        }
        return seen
    }

    /// What the verifier said last before its summary, in one line; `nil` when it wrote nothing.
    var lastLine: String? {
        let length = length
        let tail = min(length, 1 << 14)
        let bytes = unsafe UnsafeRawBufferPointer(start: start + (length - tail), count: tail)
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        let line = text.split(separator: "\n").last { line in
            !line.hasPrefix("processed ") && !line.hasPrefix("verification time") && !line.hasPrefix("stack depth")
                && !line.allSatisfy(\.isWhitespace)
        }
        return line?.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
