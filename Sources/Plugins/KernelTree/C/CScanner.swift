/// A C token and its position in the file.
struct CToken {
    enum Kind {
        case word, number, string, punctuation
        /// A whole `#` line with its continuation lines.
        case directive
    }

    var kind: Kind
    /// The byte range.
    var range: Range<Int>
    /// Counted from 1.
    var line: Int
}

/// Splits C into tokens and skips comments and blanks.
struct CScanner {
    let bytes: [UInt8]
    private(set) var at: Int
    private let end: Int
    private(set) var line: Int
    /// True if only blanks precede on this line.
    private var isAtLineStart: Bool

    /// Scans a part of a file.
    ///
    /// - Parameter isInDirective: true if the part is inside a directive, where `#` starts no directive
    init(_ bytes: [UInt8], in range: Range<Int>? = nil, line: Int = 1, isInDirective: Bool = false) {
        self.bytes = bytes
        at = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
        self.line = line
        isAtLineStart = !isInDirective
    }

    /// The next token, or `nil` at the end.
    mutating func next() -> CToken? {
        skipBlanks()
        guard at < end else { return nil }
        let start = at
        let startLine = line
        let byte = bytes[at]
        let kind: CToken.Kind
        if byte == UInt8(ascii: "#") && isAtLineStart {
            skipDirective()
            kind = .directive
        } else if CScanner.isWordStart(byte) {
            while at < end && CScanner.isWordPart(bytes[at]) { at += 1 }
            kind = .word
        } else if CScanner.isDigit(byte) {
            while at < end && (CScanner.isWordPart(bytes[at]) || bytes[at] == UInt8(ascii: ".")) { at += 1 }
            kind = .number
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            skipQuoted(byte)
            kind = .string
        } else {
            at += 1
            if byte == UInt8(ascii: "-") && at < end && bytes[at] == UInt8(ascii: ">") { at += 1 }
            kind = .punctuation
        }
        isAtLineStart = false
        return CToken(kind: kind, range: start..<at, line: startLine)
    }

    /// The next directive, or `nil` at the end. Other tokens are skipped.
    mutating func nextDirective() -> CToken? {
        while at < end {
            skipBlanks()
            guard at < end else { return nil }
            let byte = bytes[at]
            if byte == UInt8(ascii: "#") && isAtLineStart {
                let start = at
                let startLine = line
                skipDirective()
                isAtLineStart = false
                return CToken(kind: .directive, range: start..<at, line: startLine)
            }
            isAtLineStart = false
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { skipQuoted(byte) } else { at += 1 }
        }
        return nil
    }

    private mutating func skipBlanks() {
        while at < end {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\n") {
                line += 1
                isAtLineStart = true
                at += 1
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
                || byte == 0x0c || byte == UInt8(ascii: "\\")
            {
                // A backslash between tokens continues the line.
                if byte == UInt8(ascii: "\\") && at + 1 < end && bytes[at + 1] == UInt8(ascii: "\n") {
                    line += 1
                    at += 1
                }
                at += 1
            } else if byte == UInt8(ascii: "/") && at + 1 < end
                && (bytes[at + 1] == UInt8(ascii: "*") || bytes[at + 1] == UInt8(ascii: "/"))
            {
                skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() {
        if bytes[at + 1] == UInt8(ascii: "/") {
            while at < end && bytes[at] != UInt8(ascii: "\n") { at += 1 }
            return
        }
        at += 2
        while at < end {
            if bytes[at] == UInt8(ascii: "\n") { line += 1 }
            if bytes[at] == UInt8(ascii: "*") && at + 1 < end && bytes[at + 1] == UInt8(ascii: "/") {
                at += 2
                return
            }
            at += 1
        }
    }

    private mutating func skipDirective() {
        while at < end && bytes[at] != UInt8(ascii: "\n") {
            if bytes[at] == UInt8(ascii: "\\") && at + 1 < end && bytes[at + 1] == UInt8(ascii: "\n") {
                line += 1
                at += 1
            } else if bytes[at] == UInt8(ascii: "/") && at + 1 < end && bytes[at + 1] == UInt8(ascii: "*") {
                skipComment()
                continue
            }
            at += 1
        }
    }

    private mutating func skipQuoted(_ quote: UInt8) {
        at += 1
        while at < end && bytes[at] != quote && bytes[at] != UInt8(ascii: "\n") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at = min(at + 1, end)
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    static func isWordStart(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
    }

    static func isWordPart(_ byte: UInt8) -> Bool { isWordStart(byte) || isDigit(byte) }
}
