import Foundation

/// A hash of bytes that detects damaged and replaced files; not cryptographic.
///
/// - Source: Fowler, Noll and Vo, FNV-1a with 64 bits
struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The fingerprint of some bytes.
    ///
    /// - Complexity: O(bytes)
    init(_ bytes: Data) {
        var value = value
        unsafe bytes.withUnsafeBytes {
            for place in $0.indices { value = unsafe (value ^ UInt64($0[place])) &* 0x100_0000_01b3 }
        }
        self.value = value
    }

    /// Sixteen hexadecimal digits.
    var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
