/// Reads assembler text line by line, always one line ahead.
///
/// Errors have a column in the line with the number ``lineNumber``.
package struct AssemblyReader {
    private let bytes: [UInt8]
    private var nextStart = 0
    private var linesSeen = 0
    /// The current line.
    package var line: LineScanner
    /// The number of the current line, from 1.
    package var lineNumber = 0
    /// True if there are no more lines.
    package private(set) var isAtEnd = false
    /// The labelled slots of the last program.
    package internal(set) var programLabels: [String: Int] = [:]

    /// The comments so far that have their own line, without `#`; `nil` to discard comments.
    package var comments: [String]? = []

    /// The words that begin a section.
    let sections: Set<String>

    /// Starts at the first line that is neither blank nor a comment.
    package init(_ text: String, sections: Set<String> = []) {
        self.sections = sections
        bytes = Array(text.utf8)
        line = LineScanner("")
        advance()
    }

    /// Goes to the next line that is neither blank nor a comment.
    package mutating func advance() {
        while nextStart < bytes.count {
            let start = nextStart
            var stop = start
            while stop < bytes.count && bytes[stop] != UInt8(ascii: "\n") { stop += 1 }
            nextStart = stop + 1
            linesSeen += 1
            line = LineScanner(bytes: bytes, line: start..<stop)
            lineNumber = linesSeen
            if !line.isAtEnd() { return }
            keep(comment: start..<stop)
        }
        line = LineScanner(bytes: bytes, line: bytes.count..<bytes.count)
        lineNumber = linesSeen + 1
        isAtEnd = true
    }

    private mutating func keep(comment range: Range<Int>) {
        if comments == nil { return }
        let text = String(decoding: bytes[range].drop { $0 == 0x20 || $0 == 0x09 }, as: UTF8.self)
        if text.hasPrefix("#") { comments?.append(String(text.dropFirst(text.hasPrefix("# ") ? 2 : 1))) }
    }

    /// Ends the line; a rest is an error.
    package mutating func endLine(_ expected: String = "the end of the line") throws(AssemblyError) {
        if !line.isAtEnd() { throw line.fault(expected) }
        advance()
    }

    /// Makes an error for the next token, or for the one at the given position.
    package func fault(_ expected: String, at position: Int? = nil) -> AssemblyError {
        var fault = line.fault(expected, at: position)
        if isAtEnd { fault.found = "the end of the file" }
        return fault
    }
}
