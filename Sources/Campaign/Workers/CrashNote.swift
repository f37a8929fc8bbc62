import CProcess
import Foundation

/// The call stack of a crashed child and the mapped file at the faulting address, written by its signal handler.
///
/// - Shape: memory shared with children: the length of a text in 8 bytes, then the text
@safe
final class CrashNote: @unchecked Sendable {
    private static let size = 1 << 14
    private static let lengthSize = MemoryLayout<UInt64>.size
    private let memory: UnsafeMutableRawPointer

    /// Maps the memory; `nil` on failure, and crashes are then reported without details.
    init?() {
        let flags = MAP_SHARED | MAP_ANONYMOUS
        guard let mapped = unsafe mmap(nil, Self.size, PROT_READ | PROT_WRITE, flags, -1, 0),
            unsafe mapped != MAP_FAILED
        else { return nil }
        unsafe memory = mapped
        process_prepare_frames()
    }

    deinit { unsafe munmap(memory, Self.size) }

    /// Clears the note of the previous child.
    func clear() { unsafe memory.storeBytes(of: 0, as: UInt64.self) }

    /// Writes the note; safe in a signal handler.
    ///
    /// - Parameters:
    ///   - fault: the address of the instruction
    ///   - address: the address that it accessed
    ///   - stack: the stack pointer, or `nil`
    func write(
        fault: UnsafeRawPointer?, address: UnsafeRawPointer?, stack: UnsafePointer<UnsafeMutableRawPointer?>?
    ) {
        let text = unsafe (memory + Self.lengthSize).assumingMemoryBound(to: CChar.self)
        let room = Self.size - Self.lengthSize
        let count = unsafe process_write_place(text, room, address)
        let rest = unsafe process_write_frames(text + count, room - count, fault, stack)
        unsafe memory.storeBytes(of: UInt64(count) + UInt64(rest), as: UInt64.self)
    }

    /// Reads the note in words that are the same in every run, with functions by name.
    ///
    /// - Complexity: O(size of the mapped files)
    func read() -> (place: String?, frames: [String]) {
        let count = unsafe min(Int(memory.load(as: UInt64.self)), Self.size - Self.lengthSize)
        let text = unsafe UnsafeRawBufferPointer(start: memory + Self.lengthSize, count: count)
        var files: [String: FunctionNames] = [:]
        var (place, frames): (String?, [String]) = (nil, [])
        for line in unsafe String(decoding: text, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 3, let offset = UInt64(words[1], radix: 16) else { continue }
            let name = URL(fileURLWithPath: words[2]).lastPathComponent
            if words[0] == "to" {
                place = "\(name)+0x\(words[1])"
                continue
            }
            // Functions of the C library, as in abort(), differ between machines.
            if Self.isOfSystem(name) { continue }
            let names = files[words[2]] ?? FunctionNames(path: words[2])
            files[words[2]] = names
            // A return address after the last call of a function belongs to the next one.
            let function = words[0] == "at" ? names.name(at: offset) : names.name(at: offset - 1)
            frames.append((frames.isEmpty ? "in " : "called from ") + "\(function ?? "0x\(words[1])") of \(name)")
        }
        return (place, frames)
    }

    private static func isOfSystem(_ name: String) -> Bool {
        ["libc.", "libc-", "ld-", "libpthread", "linux-vdso", "libgcc_s", "libasan", "libstdc++"].contains {
            name.hasPrefix($0)
        }
    }
}
