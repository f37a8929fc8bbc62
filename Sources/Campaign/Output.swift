import Foundation
import Synchronization
import UserFiles

/// Writing to standard output and standard error so that nothing is lost without a word.
public enum Output {
    /// Where standard output is; another number once what plug-ins print has been kept out of it.
    private static let descriptor = Atomic<Int32>(STDOUT_FILENO)

    /// Where standard error is; another number once what plug-ins print has been kept out of it.
    private static let errorDescriptor = Atomic<Int32>(STDERR_FILENO)

    /// Keeps this command's own errors where they are when what plug-ins print there goes elsewhere.
    static func keepErrors() {
        let own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10)
        if own >= 0 { errorDescriptor.store(own, ordering: .relaxed) }
    }

    /// Sends what plug-ins print on standard output to standard error, so that this command's own output is not mixed up.
    ///
    /// - Throws: ``CampaignError`` when there are no more descriptors
    public static func keepToItself() throws(CampaignError) {
        let own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10)
        guard own >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            throw CampaignError("standard output cannot be set apart: \(SystemReason.text())")
        }
        descriptor.store(own, ordering: .relaxed)
    }

    /// Writes a text and a line end to standard output.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written whole, as on a full disk
    public static func line(_ text: String) throws(CampaignError) { try write(text + "\n") }

    /// Lets a write to a pipe without a reader fail, instead of ending the process with SIGPIPE: that would look like the
    /// fault of a plug-in.
    ///
    /// The same for a file that grows beyond what the shell allows, which is an error like a full disk.
    /// A handler and not `SIG_IGN`, which other programs would inherit.
    public static func watchReader() { for number in [SIGPIPE, SIGXFSZ] { signal(number) { _ in } } }

    /// Writes a text to standard output.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written whole, as on a full disk
    public static func write(_ text: String) throws(CampaignError) {
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
    public static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Writes a text to standard error, which nobody may be reading.
    public static func note(_ text: String) { _ = put(text, errorDescriptor.load(ordering: .relaxed)) }

    private static func put(_ text: String, _ descriptor: Int32) -> Bool { put(Array(text.utf8), descriptor) }

    /// Writes all bytes to a descriptor; returns false with the reason in `errno` when that is not possible.
    static func put(_ bytes: some ContiguousBytes, _ descriptor: Int32) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe Descriptor.put($0, descriptor) }
    }
}
