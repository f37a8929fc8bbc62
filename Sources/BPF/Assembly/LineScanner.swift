/// Reads one line of text token by token.
///
/// Works on UTF-8 bytes, so that the line need not be copied out of its file. A `#` outside of quotes ends the line.
///
/// - Complexity: O(length) to find the comment; a token takes time for its own length
package struct LineScanner {
    private let bytes: [UInt8]
    private let lineStart: Int
    /// The position of the next byte.
    package var position: Int
    /// The end of the line without its comment.
    package let end: Int

    /// Reads a line by itself.
    package init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes: bytes, line: 0..<bytes.count)
    }

    /// Reads a line of a file.
    package init(bytes: [UInt8], line: Range<Int>) {
        self.bytes = bytes
        lineStart = line.lowerBound
        position = line.lowerBound
        var end = line.lowerBound
        var isQuoted = false
        while end < line.upperBound {
            let byte = bytes[end]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: "\\") && isQuoted { end += 1 }
            if byte == UInt8(ascii: "#") && !isQuoted { break }
            end += 1
        }
        self.end = min(end, line.upperBound)
    }

    /// The column of a position.
    ///
    /// - Units: Unicode scalars from 1
    package func column(of position: Int) -> Int {
        // Count all UTF-8 bytes except continuation bytes.
        bytes[lineStart..<position].reduce(into: 1) { count, byte in if byte & 0xc0 != 0x80 { count += 1 } }
    }

    /// Makes an error for the next token, or for the one at the given position.
    package func fault(_ expected: String, at place: Int? = nil) -> AssemblyError {
        var copy = self
        if let place { copy.position = place }
        copy.skipBlanks()
        return AssemblyError(
            column: copy.column(of: copy.position), expected: expected, found: copy.tokenDescription())
    }

    /// The token at the position, for an error.
    private func tokenDescription() -> String {
        if position >= end { return "the end of the line" }
        var last = position
        while last < end && (Self.continuesWord(bytes[last]) || bytes[last] == UInt8(ascii: ".")) { last += 1 }
        if last == position || last == position + 1 && bytes[position] == UInt8(ascii: ".") {
            last = position + 1
            // A sign belongs to the number after it, a dot or @ to the word.
            if "-+.@".utf8.contains(bytes[position]) {
                while last < end && Self.continuesWord(bytes[last]) { last += 1 }
            }
            while last < end && bytes[last] & 0xc0 == 0x80 { last += 1 }
        }
        return "`\(String(decoding: bytes[position..<min(last, position + 40)], as: UTF8.self))`"
    }

    private static func startsWord(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func continuesWord(_ byte: UInt8) -> Bool { startsWord(byte) || isDigit(byte) }

    // MARK: Tokens

    package mutating func skipBlanks() {
        while position < end {
            let byte = bytes[position]
            guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") else { return }
            position += 1
        }
    }

    /// The next byte after blanks, or `nil` at the end.
    package mutating func peek() -> UInt8? {
        skipBlanks()
        return position < end ? bytes[position] : nil
    }

    /// Returns true if only blanks are left.
    package mutating func isAtEnd() -> Bool { peek() == nil }

    /// Takes the rest of the line, without the blanks around it.
    package mutating func rest() -> String {
        skipBlanks()
        var last = end
        while last > position && bytes[last - 1] <= 0x20 { last -= 1 }
        defer { position = end }
        return String(decoding: bytes[position..<last], as: UTF8.self)
    }

    /// Takes this punctuation if it is next.
    package mutating func takeSymbol(_ symbol: String) -> Bool {
        skipBlanks()
        var at = position
        for byte in symbol.utf8 {
            if at >= end || bytes[at] != byte { return false }
            at += 1
        }
        position = at
        return true
    }

    /// The next word, which is not taken: a letter or `_`, then letters, digits and `_`.
    package mutating func peekWord() -> String? {
        skipBlanks()
        guard position < end, Self.startsWord(bytes[position]) else { return nil }
        return String(decoding: bytes[position..<wordEnd()], as: UTF8.self)
    }

    private func wordEnd() -> Int {
        var last = position
        while last < end && Self.continuesWord(bytes[last]) { last += 1 }
        return last
    }

    /// Takes the next word.
    package mutating func takeWord() -> String? {
        guard let word = peekWord() else { return nil }
        position += word.utf8.count
        return word
    }

    /// Takes this word if it is next.
    package mutating func takeWord(_ expected: String) -> Bool {
        guard peekWord() == expected else { return false }
        position += expected.utf8.count
        return true
    }

    /// Takes a word and the `:` directly after it.
    package mutating func takeLabel() -> String? {
        guard let word = peekWord() else { return nil }
        let colon = position + word.utf8.count
        guard colon < end, bytes[colon] == UInt8(ascii: ":") else { return nil }
        position = colon + 1
        return word
    }

    // MARK: Numbers

    /// A number in the text.
    package struct Number {
        package var isNegative: Bool
        package var magnitude: UInt64
        package var isHexadecimal: Bool
        /// Its position in the text.
        package var position: Int
    }

    /// Takes a decimal or hexadecimal number if one is next and fits 64 bits.
    package mutating func takeNumber() -> Number? {
        skipBlanks()
        var at = position
        let isNegative = at < end && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        let isHexadecimal =
            at + 1 < end && bytes[at] == UInt8(ascii: "0") && bytes[at + 1] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal { at += 2 }
        let first = at
        var magnitude: UInt64 = 0
        let radix: UInt64 = isHexadecimal ? 16 : 10
        while at < end, Self.continuesWord(bytes[at]) {
            guard let digit = Self.digit(bytes[at]), digit < radix else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            magnitude = sum
            at += 1
        }
        if at == first { return nil }
        defer { position = at }
        return Number(
            isNegative: isNegative, magnitude: magnitude, isHexadecimal: isHexadecimal, position: position)
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        if isDigit(byte) { return UInt64(byte - UInt8(ascii: "0")) }
        let letter = byte | 0x20
        return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f")
            ? UInt64(letter - UInt8(ascii: "a")) + 10 : nil
    }

    /// Takes the value of a signed field: a decimal number, or its bits as a hexadecimal number.
    package mutating func field<Field: FixedWidthInteger & SignedInteger>(
        _: Field.Type
    ) throws(AssemblyError) -> Field {
        let start = position
        if let number = takeNumber(), let value = Field(number) { return value }
        throw fault(Self.expectation(of: Field.self), at: start)
    }

    /// The range of a field, in words.
    package static func expectation<Field: FixedWidthInteger & SignedInteger>(of _: Field.Type) -> String {
        "a number from \(Field.min) to \(Field.max)"
    }

    /// Takes a number in a range.
    package mutating func count<Count: FixedWidthInteger & UnsignedInteger>(
        _ range: ClosedRange<Count>
    ) throws(AssemblyError) -> Count {
        let start = position
        if let number = takeNumber(), !number.isNegative, let value = Count(exactly: number.magnitude),
            range.contains(value)
        {
            return value
        }
        throw fault("a number from \(range.lowerBound) to \(range.upperBound)", at: start)
    }
}

extension FixedWidthInteger where Self: SignedInteger {
    /// The value of a number; a hexadecimal number without a sign is the bits of the field.
    package init?(_ number: LineScanner.Number) {
        if number.isHexadecimal && !number.isNegative {
            guard number.magnitude.leadingZeroBitCount >= 64 - Self.bitWidth else { return nil }
            self.init(truncatingIfNeeded: number.magnitude)
        } else if number.isNegative {
            guard number.magnitude <= UInt64(Self.max) + 1 else { return nil }
            self.init(truncatingIfNeeded: 0 &- number.magnitude)
        } else {
            self.init(exactly: number.magnitude)
        }
    }
}

extension LineScanner {
    /// Takes the next byte, including blanks.
    package mutating func takeByte() -> UInt8? {
        guard position < end else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// Takes everything up to a quote, a backslash, the given byte or the end.
    package mutating func takeText(until stop: UInt8 = UInt8(ascii: "\"")) -> String {
        let start = position
        while position < end, bytes[position] != stop, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\")
        {
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }
}
