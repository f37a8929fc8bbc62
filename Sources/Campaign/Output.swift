import Foundation
import Synchronization
import SystemPackage
import UserFiles

/// Writing to standard output and standard error; errors on standard output are reported.
package enum Output {
    /// The descriptor of this program's output; a duplicate if standard output is redirected for plug-ins.
    private static let descriptor = Atomic<Int32>(STDOUT_FILENO)

    /// The descriptor of this program's messages; a duplicate if standard error is redirected for plug-ins.
    private static let errorDescriptor = Atomic<Int32>(STDERR_FILENO)

    /// Duplicates standard error for this program's messages, before it is redirected for plug-ins.
    ///
    /// - Returns: false if there are no more descriptors, so that a redirection would lose the messages
    static func keepErrors() -> Bool {
        guard let own = try? FileDescriptor.standardError.duplicateAside() else { return false }
        errorDescriptor.store(own.rawValue, ordering: .relaxed)
        return true
    }

    /// Sends the prints of plug-ins on standard output to standard error, so that they do not mix with this command's output.
    ///
    /// - Throws: ``CampaignError`` if there are no more descriptors
    package static func keepToItself() throws(CampaignError) {
        do throws(Errno) {
            descriptor.store(try takeStandardOutput().rawValue, ordering: .relaxed)
        } catch {
            throw CampaignError("standard output cannot be set apart: \(error.reason)")
        }
    }

    /// Moves standard output to its own descriptor, and sends later prints to standard error.
    static func takeStandardOutput() throws(Errno) -> FileDescriptor {
        let own = try FileDescriptor.standardOutput.duplicateAside()
        _ = try onErrno { try FileDescriptor.standardError.duplicate(as: .standardOutput) }
        return own
    }

    /// Writes a text and a newline to standard output.
    ///
    /// - Throws: ``CampaignError`` if it cannot be written completely, as on a full disk
    package static func line(_ text: String) throws(CampaignError) { try write(text + "\n") }

    /// Makes writes to a closed pipe or beyond the file size limit fail with an error, instead of a signal.
    ///
    /// A death by SIGPIPE would look like the fault of a plug-in. The signals are handled, not ignored, since child
    /// processes would inherit `SIG_IGN`.
    package static func watchReader() { for number in [SIGPIPE, SIGXFSZ] { signal(number) { _ in } } }

    /// True if standard output is for a report, so that texts for people go to standard error.
    private static let isForReport = Atomic(false)

    /// Reserves standard output for ``report(_:)``: later texts go to standard error.
    static func reserveForReport() { isForReport.store(true, ordering: .relaxed) }

    /// Writes a text to standard output, or to standard error after ``reserveForReport()``.
    ///
    /// - Throws: ``CampaignError`` if it cannot be written completely, as on a full disk
    package static func write(_ text: String) throws(CampaignError) {
        if isForReport.load(ordering: .relaxed) { note(text) } else { try report(text) }
    }

    /// Writes a report to standard output.
    ///
    /// - Throws: ``CampaignError`` if it cannot be written completely, as on a full disk
    static func report(_ text: String) throws(CampaignError) {
        let output = FileDescriptor(rawValue: descriptor.load(ordering: .relaxed))
        do throws(Errno) { try output.put(text.utf8) } catch { throw failure(error) }
    }

    /// The error of a failed write to standard output.
    package static func failure(_ error: Errno) -> CampaignError {
        let reason =
            switch error {
            case .badFileDescriptor: "it is closed"
            case .brokenPipe: "its reader has ended (\(error.reason))"
            default: error.reason
            }
        return CampaignError("standard output: cannot be written: \(reason)")
    }

    /// Writes a value as one line of JSON to standard output, keys in alphabetical order.
    ///
    /// - Throws: ``CampaignError`` if it cannot be written completely, or the error of the value's encoding
    package static func json(_ value: some Encodable) throws { try line(try jsonText(value)) }

    /// A value as one line of JSON, keys in alphabetical order.
    ///
    /// - Throws: the error of the value's encoding
    static func jsonText(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The longest wait for a blocked standard error, in milliseconds.
    enum Patience: Int32 {
        case none = 0
        case second = 1000
    }

    /// True once a reader did not read in time. Later writes do not wait for it.
    private static let isUnread = Atomic(false)

    /// Writes a text to standard error; blocks while the pipe is full.
    package static func note(_ text: String) { try? errors.put(text.utf8) }

    private static var errors: FileDescriptor { FileDescriptor(rawValue: errorDescriptor.load(ordering: .relaxed)) }

    /// Writes a text to standard error, which may be a full pipe without a reader, or a stopped terminal.
    ///
    /// The rest of a text that cannot be written is dropped: a campaign ends in time, with or without its messages.
    ///
    /// - Complexity: a second once, else O(bytes)
    static func note(_ text: String, within patience: Patience) {
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            let time = isUnread.load(ordering: .relaxed) ? 0 : patience.rawValue
            if !errors.isWritable(within: time) {
                if time > 0 { isUnread.store(true, ordering: .relaxed) }
                return
            }
            isUnread.store(false, ordering: .relaxed)
            if (try? errors.put(bytes[start..<min(start + piece, bytes.count)])) == nil { return }
        }
    }

    /// The bytes that a writable pipe takes without a wait.
    ///
    /// - Units: bytes
    private static let piece = Int(PIPE_BUF)
}
