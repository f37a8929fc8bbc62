import Foundation
import Synchronization
import UserFiles

/// Writing to standard output and standard error so that nothing is lost without a word.
package enum Output {
    /// Where standard output is; another number once what plug-ins print has been kept out of it.
    private static let descriptor = Atomic<Int32>(STDOUT_FILENO)

    /// Where standard error is; another number once what plug-ins print has been kept out of it.
    private static let errorDescriptor = Atomic<Int32>(STDERR_FILENO)

    /// Keeps this command's own errors where they are when what plug-ins print there goes elsewhere.
    static func keepErrors() {
        let own = Descriptor.duplicate(STDERR_FILENO)
        if own >= 0 { errorDescriptor.store(own, ordering: .relaxed) }
    }

    /// Sends what plug-ins print on standard output to standard error, so that this command's own output is not mixed up.
    ///
    /// - Throws: ``CampaignError`` when there are no more descriptors
    package static func keepToItself() throws(CampaignError) {
        let own = Descriptor.duplicate(STDOUT_FILENO)
        guard own >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            throw CampaignError("standard output cannot be set apart: \(SystemReason.text())")
        }
        descriptor.store(own, ordering: .relaxed)
    }

    /// Writes a text and a line end to standard output.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written whole, as on a full disk
    package static func line(_ text: String) throws(CampaignError) { try write(text + "\n") }

    /// Lets a write to a pipe without a reader fail, instead of ending the process with SIGPIPE: that would look like the
    /// fault of a plug-in.
    ///
    /// The same for a file that grows beyond what the shell allows, which is an error like a full disk.
    /// A handler and not `SIG_IGN`, which other programs would inherit.
    package static func watchReader() { for number in [SIGPIPE, SIGXFSZ] { signal(number) { _ in } } }

    /// Writes a text to standard output.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written whole, as on a full disk
    package static func write(_ text: String) throws(CampaignError) {
        guard put(text, descriptor.load(ordering: .relaxed)) else { throw failure(errno) }
    }

    /// Why standard output cannot be written.
    package static func failure(_ code: Int32) -> CampaignError {
        let reason =
            switch code {
            case EBADF: "it is closed"
            case EPIPE: "its reader has ended (\(SystemReason.text(code)))"
            default: SystemReason.text(code)
            }
        return CampaignError("standard output: cannot be written: \(reason)")
    }

    /// Writes a value as one line of JSON to standard output, keys in alphabetical order.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written whole, or what the value's own encoding throws
    package static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// How long a reader of standard error is waited for that does not read.
    enum Patience: Int32 {
        case none = 0
        case second = 1000
    }

    /// Whether such a reader has been waited for, and in vain; it is not waited for again.
    private static let isUnread = Atomic(false)

    /// Writes a text to standard error; it waits for the reader.
    package static func note(_ text: String) { _ = put(text, errorDescriptor.load(ordering: .relaxed)) }

    /// Writes a text to standard error, where a pipe may be full that nobody reads, or a terminal be stopped.
    ///
    /// What cannot be written is dropped: a campaign goes on, and ends in time, whatever becomes of its messages.
    ///
    /// - Complexity: a second once, and else O(bytes)
    static func note(_ text: String, within patience: Patience) {
        let descriptor = errorDescriptor.load(ordering: .relaxed)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            let time = isUnread.load(ordering: .relaxed) ? 0 : patience.rawValue
            if !Descriptor.isWritable(descriptor, within: time) {
                if time > 0 { isUnread.store(true, ordering: .relaxed) }
                return
            }
            isUnread.store(false, ordering: .relaxed)
            if !put(bytes[start..<min(start + piece, bytes.count)], descriptor) { return }
        }
    }

    /// How much a pipe takes without waiting once it can be written.
    ///
    /// - Units: bytes
    private static let piece = Int(PIPE_BUF)

    private static func put(_ text: String, _ descriptor: Int32) -> Bool { put(Array(text.utf8), descriptor) }

    /// Writes all bytes to a descriptor; returns false with the reason in `errno` when that is not possible.
    static func put(_ bytes: some ContiguousBytes, _ descriptor: Int32) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe Descriptor.put($0, descriptor) }
    }
}
