import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// The messages between a campaign and a judge in another process.
///
/// - Shape: a request is its length in words, its number, the excluded patchers (a bit each), the limit of a search below
///   the case (0 to judge the case itself) and a ``CaseEncoding``, all 64-bit words; a reply is its length in bytes as such a word, and JSON
enum JudgeMessage {
    /// The target of a finding if the process died between two patchers, of damage by one of them.
    static let unknown = "unknown"

    /// The answer to a request.
    struct Reply: Codable {
        /// The number of the request.
        var request: UInt64
        var verdict: CaseVerdict
        /// True if the child died. The finding then names the patcher that killed it.
        var isDead = false
        /// The sanitizer's report on the death, or `nil`.
        var report: String?
    }

    /// The bytes of a request.
    static func request(
        _ number: UInt64, excluding excluded: UInt64, searchingBelow limit: UInt64 = 0, _ c: Case
    ) -> [UInt8] {
        let packet = CaseEncoding(c).words
        let words = [UInt64(packet.count + 3), number, excluded, limit] + packet
        return unsafe words.withUnsafeBytes { unsafe Array($0) }
    }

    /// The bytes of a reply.
    static func encode(_ reply: Reply) -> [UInt8] {
        (try? JSONEncoder().encode(reply)).map(framed) ?? []
    }

    /// A text with its length in bytes before it, as a 64-bit word.
    static func framed(_ text: Data) -> [UInt8] {
        let length = UInt64(text.count)
        return unsafe withUnsafeBytes(of: length) { unsafe Array($0) } + text
    }

    /// The length of the longest message; a longer one was written by a patcher.
    ///
    /// - Units: bytes
    static let longest: UInt64 = 1 << 30

    /// Reads an exact number of bytes; `nil` at the end of input, and if the number exceeds ``longest``.
    static func readBytes(_ length: UInt64, from input: FileDescriptor) -> [UInt8]? {
        if length > longest { return nil }
        var bytes: [UInt8] = []
        while bytes.count < length {
            guard let more = try? input.readBytes(Int(length) - bytes.count), !more.isEmpty else { return nil }
            bytes += more
        }
        return bytes
    }

    /// Reads 64-bit words; `nil` at the end of input.
    static func readWords(_ count: UInt64, from input: FileDescriptor) -> [UInt64]? {
        guard count <= longest / 8, let bytes = readBytes(count * 8, from: input) else { return nil }
        return unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) }
    }
}
