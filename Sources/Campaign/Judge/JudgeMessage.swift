import Foundation
import Fuzzing

/// What goes to a judge in another process and comes back.
///
/// - Shape: a request is its length in words, its number, the patchers that are spared (a bit each) and a ``CaseEncoding``,
///   all 64-bit words; a reply is its length in bytes as such a word, and JSON
enum JudgeMessage {
    /// The target of a finding when the process was ended between two patchers, by what one of them had left behind.
    static let unknown = "unknown"

    /// A judgement.
    struct Reply: Codable {
        /// The number of the request.
        var request: UInt64
        var judgement: CaseVerdict
        /// Whether the process has been ended; what is found is then against who did it.
        var isDead = false
        /// What a sanitizer wrote about that.
        var report: String?
    }

    /// The bytes of a request.
    static func request(_ number: UInt64, sparing spared: UInt64, _ c: Case) -> [UInt8] {
        let packet = CaseEncoding(c).words
        let words = [UInt64(packet.count + 2), number, spared] + packet
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

    /// How long a message may be; a patcher wrote one that is longer.
    ///
    /// - Units: bytes
    static let longest: UInt64 = 1 << 30

    /// Reads exactly so many bytes; `nil` at the end of input, and when no message has so many.
    static func readBytes(_ length: UInt64, from descriptor: Int32) -> [UInt8]? {
        if length > longest { return nil }
        let count = Int(length)
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress! + have, count - have)
            }
            if got < 0 && errno == EINTR { continue }
            if got <= 0 { return nil }
            have += got
        }
        return bytes
    }

    /// Reads 64-bit words; `nil` at the end of input.
    static func readWords(_ count: UInt64, from descriptor: Int32) -> [UInt64]? {
        guard count <= longest / 8, let bytes = readBytes(count * 8, from: descriptor) else { return nil }
        return unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) }
    }
}
