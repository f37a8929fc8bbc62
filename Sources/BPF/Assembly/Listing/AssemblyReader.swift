/// Reads assembler text line by line, always one line ahead.
///
/// An error gives a column; it belongs to ``lineNumber``.
package struct AssemblyReader {
    private let bytes: [UInt8]
    private var nextStart = 0
    private var linesSeen = 0
    /// The line that is looked at, none of it taken or some.
    package var line: LineScanner
    /// Its number, from 1.
    package var lineNumber = 0
    /// Whether there are no more lines.
    package private(set) var isAtEnd = false
    /// The slots of the program that was read last, by label.
    package internal(set) var programLabels: [String: Int] = [:]

    /// The comments so far that have a line of their own, without `#`; `nil` where they are not kept.
    package var comments: [String]? = []

    /// The words that begin a section, and so end a program.
    let sections: Set<String>

    /// Starts before the first line that says something.
    package init(_ text: String, sections: Set<String> = []) {
        self.sections = sections
        bytes = Array(text.utf8)
        line = LineScanner("")
        advance()
    }

    /// Goes to the next line that says something.
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

    /// Ends the line, of which nothing may be left.
    package mutating func endLine(_ expected: String = "the end of the line") throws(AssemblyError) {
        if !line.isAtEnd() { throw line.fault(expected) }
        advance()
    }

    /// The error that something else was expected here.
    package func fault(_ expected: String, at position: Int? = nil) -> AssemblyError {
        var fault = line.fault(expected, at: position)
        if isAtEnd { fault.found = "the end of the file" }
        return fault
    }
}
