import BPF

/// Reads one line of JSON from left to right, with the path and column of each value for errors.
///
/// Foundation's decoders report no column, accept duplicate keys, and read `1.0` as an integer. This one is for files
/// that are written by hand.
///
/// - Source: RFC 8259
struct JSONScanner {
    private let bytes: [UInt8]
    private(set) var position = 0
    /// The objects and arrays that are open, the innermost last.
    private var frames: [Frame] = []

    /// The state of one open object or array.
    private struct Frame {
        var isObject: Bool
        var index = -1
        var key = ""
        var seen: [String] = []
    }

    init(_ line: String) { bytes = Array(line.utf8) }

    // MARK: Errors

    /// Makes an error for the next value, or for the one at the given position.
    func fault(_ expected: String, at place: Int? = nil) -> AssemblyError {
        var at = place ?? position
        while at < bytes.count && Self.isBlank(bytes[at]) { at += 1 }
        let column = bytes[..<at].reduce(into: 1) { count, byte in if byte & 0xc0 != 0x80 { count += 1 } }
        let path = path
        return AssemblyError(
            column: column, expected: path.isEmpty ? expected : "\(expected) at \(path)", found: token(at: at))
    }

    /// The path of the next value, as in `passes[0][1].off`.
    private var path: String {
        var path = ""
        for frame in frames where frame.isObject ? !frame.key.isEmpty : frame.index >= 0 {
            if frame.isObject {
                path += path.isEmpty ? frame.key : "." + frame.key
            } else {
                path += "[\(frame.index)]"
            }
        }
        return path
    }

    /// The token at a position, for an error.
    private func token(at start: Int) -> String {
        if start >= bytes.count { return "the end of the line" }
        var stop = start + 1
        if bytes[start] == UInt8(ascii: "\"") {
            while stop < bytes.count && bytes[stop] != UInt8(ascii: "\"") { stop += 1 }
            stop += 1
        } else {
            let isPunctuation = "{}[]:,".utf8.contains(bytes[start])
            while !isPunctuation && stop < bytes.count && !Self.endsToken(bytes[stop]) { stop += 1 }
        }
        stop = min(stop, bytes.count)
        if stop - start > 40 { return "`\(String(decoding: bytes[start..<(start + 40)], as: UTF8.self))…`" }
        return "`\(String(decoding: bytes[start..<stop], as: UTF8.self))`"
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }

    private static func endsToken(_ byte: UInt8) -> Bool { isBlank(byte) || "{}[]:,\"".utf8.contains(byte) }

    // MARK: Structure

    private mutating func skipBlanks() {
        while position < bytes.count && Self.isBlank(bytes[position]) { position += 1 }
    }

    /// The first byte of the next value, or `nil` at the end.
    mutating func peek() -> UInt8? {
        skipBlanks()
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    mutating func beginObject() throws(AssemblyError) {
        if !take("{") { throw fault("an object") }
        frames.append(Frame(isObject: true))
    }

    mutating func beginArray() throws(AssemblyError) {
        if !take("[") { throw fault("an array") }
        frames.append(Frame(isObject: false))
    }

    /// Goes to the next key of the innermost object; at its end, closes it and returns `nil`.
    ///
    /// - Throws: an error for an unknown or duplicate key, too
    mutating func nextKey(of keys: [String]) throws(AssemblyError) -> String? {
        let last = frames.count - 1
        let isFirst = frames[last].seen.isEmpty
        // Errors here are about the object itself.
        frames[last].key = ""
        if take("}") {
            frames.removeLast()
            return nil
        }
        if !isFirst && !take(",") { throw fault("`,` or `}`") }
        skipBlanks()
        let start = position
        guard peek() == UInt8(ascii: "\"") else { throw fault(isFirst ? "a key or `}`" : "a key") }
        let key = try string()
        if !keys.contains(key) { throw fault("a key of " + keys.joined(separator: ", "), at: start) }
        if frames[last].seen.contains(key) { throw fault("each key once", at: start) }
        if !take(":") { throw fault("`:`") }
        frames[last].seen.append(key)
        frames[last].key = key
        return key
    }

    /// Goes to the next element of the innermost array; at its end, closes it and returns false.
    mutating func nextElement() throws(AssemblyError) -> Bool {
        let last = frames.count - 1
        if take("]") {
            frames.removeLast()
            return false
        }
        if frames[last].index >= 0 && !take(",") { throw fault("`,` or `]`") }
        frames[last].index += 1
        return true
    }

    /// Checks that the line has ended.
    mutating func end() throws(AssemblyError) {
        if peek() != nil { throw fault("the end of the line") }
    }

    // MARK: Values

    /// Reads a whole number.
    mutating func number(_ range: ClosedRange<UInt32> = 0...UInt32.max) throws(AssemblyError) -> UInt32 {
        skipBlanks()
        var at = position
        var value: UInt64 = 0
        while at < bytes.count, bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9"), value <= UInt32.max {
            value = value * 10 + UInt64(bytes[at] - UInt8(ascii: "0"))
            at += 1
        }
        let hasLeadingZero = at - position > 1 && bytes[position] == UInt8(ascii: "0")
        guard at > position, !hasLeadingZero, at == bytes.count || Self.endsToken(bytes[at]),
            value <= UInt32.max, range.contains(UInt32(value))
        else { throw fault("a number from \(range.lowerBound) to \(range.upperBound)") }
        position = at
        return UInt32(value)
    }

    mutating func boolean() throws(AssemblyError) -> Bool {
        skipBlanks()
        for (text, value) in [("true", true), ("false", false)] {
            let stop = position + text.utf8.count
            if bytes[position...].starts(with: text.utf8), stop == bytes.count || Self.endsToken(bytes[stop]) {
                position = stop
                return value
            }
        }
        throw fault("`true` or `false`")
    }

    mutating func string() throws(AssemblyError) -> String {
        let start = position
        if !take("\"") { throw fault("a string", at: start) }
        var text = ""
        var plain = position
        while position < bytes.count, bytes[position] >= 0x20 {
            if bytes[position] == UInt8(ascii: "\"") {
                text += String(decoding: bytes[plain..<position], as: UTF8.self)
                position += 1
                return text
            }
            if bytes[position] == UInt8(ascii: "\\") {
                text += String(decoding: bytes[plain..<position], as: UTF8.self)
                text.unicodeScalars.append(try escape())
                plain = position
            } else {
                position += 1
            }
        }
        throw fault("a string that ends in its line", at: start)
    }

    private mutating func escape() throws(AssemblyError) -> Unicode.Scalar {
        let start = position
        let plain: [UInt8: Unicode.Scalar] = [
            0x22: "\"", 0x5c: "\\", 0x2f: "/", 0x62: "\u{8}", 0x66: "\u{c}", 0x6e: "\n", 0x72: "\r", 0x74: "\t",
        ]
        position += 1
        if position < bytes.count {
            if let scalar = plain[bytes[position]] {
                position += 1
                return scalar
            }
            if let unit = unicodeEscape() {
                if let scalar = Unicode.Scalar(unit) { return scalar }
                // Half of a pair: the other half has to follow.
                if unit < 0xdc00, position < bytes.count, bytes[position] == UInt8(ascii: "\\") {
                    position += 1
                    if let low = unicodeEscape(), low >= 0xdc00, low < 0xe000,
                        let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
                    {
                        return scalar
                    }
                }
            }
        }
        throw fault("an escape of JSON", at: start)
    }

    /// Reads `u00e9`.
    private mutating func unicodeEscape() -> UInt32? {
        guard position + 5 <= bytes.count, bytes[position] == UInt8(ascii: "u") else { return nil }
        let digits = bytes[(position + 1)..<(position + 5)]
        guard digits.allSatisfy({ Self.hexadecimalDigit($0) != nil }) else { return nil }
        position += 5
        return digits.reduce(0) { $0 << 4 | UInt32(Self.hexadecimalDigit($1)!) }
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// Reads an instruction: its eight bytes in hexadecimal digits, the first byte first.
    mutating func instruction() throws(AssemblyError) -> Instruction {
        skipBlanks()
        let stop = position + 17
        guard stop < bytes.count, bytes[position] == UInt8(ascii: "\""), bytes[stop] == UInt8(ascii: "\"") else {
            throw fault("an instruction of 16 hexadecimal digits")
        }
        var bits: UInt64 = 0
        for digit in bytes[(position + 1)..<stop] {
            guard let value = Self.hexadecimalDigit(digit) else {
                throw fault("an instruction of 16 hexadecimal digits")
            }
            bits = bits << 4 | value
        }
        position = stop + 1
        return Instruction(bits: bits.byteSwapped)
    }
}
