/// Mutates the choices of a case.
///
/// A generator takes 1 to 8 bytes for a choice, in the order of the case: its features, its program, then each edit. So
/// a span that is copied repeats instructions or edits, a span that is removed shortens the case, and bytes at the end
/// add edits. After the end every choice is 0, so a short string is a small case.
public struct ChoiceMutator {
    private var state: UInt64
    /// The longest span that is inserted, copied or removed.
    private static let span = 64

    public init(seed: UInt32) { state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1 }

    private mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % max(bound, 1)
    }

    private mutating func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(below(256)) } }

    /// A mutation of a string, at most `limit` bytes long.
    public mutating func mutate(_ bytes: [UInt8], limit: Int) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(4) {
            let place = below(bytes.count + 1)
            let length = min(1 << below(7), Self.span)
            let end = min(place + length, bytes.count)
            switch below(8) {
            // Most cases need hundreds of choices, so strings must be able to grow fast.
            case 0, 1: bytes += random(length)
            case 2: bytes.insert(contentsOf: random(length), at: place)
            case 3: bytes.removeSubrange(place..<end)
            case 4: bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count + 1))
            case 5: for at in place..<end { bytes[at] = UInt8(below(256)) }
            case 6: if place < bytes.count { bytes[place] &+= below(2) == 0 ? 1 : 255 }
            default: if place < bytes.count { bytes[place] = [0, 1, 127, 128, 255][below(5)] }
            }
        }
        return Array(bytes.prefix(limit))
    }

    /// The start of one string and the end of another.
    public mutating func cross(_ one: [UInt8], _ other: [UInt8], limit: Int) -> [UInt8] {
        Array((one.prefix(below(one.count + 1)) + other.dropFirst(below(other.count + 1))).prefix(limit))
    }

    /// Copies a string to a buffer of the engine.
    ///
    /// - Returns: its length
    public static func store(_ bytes: [UInt8], in buffer: UnsafeMutablePointer<UInt8>?) -> Int {
        for (at, byte) in bytes.enumerated() { unsafe buffer?[at] = byte }
        return bytes.count
    }
}
