import BPF
import Patching

extension CaseFile {
    /// Reads a file line by line, always one line ahead.
    ///
    /// An error gives a column; it belongs to ``lineNumber``.
    struct Reader {
        private let bytes: [UInt8]
        private var nextStart = 0
        private var linesSeen = 0
        /// The line that is looked at, none of it taken or some.
        var line: LineScanner
        /// Its number, from 1.
        var lineNumber = 0
        /// Whether there are no more lines.
        private(set) var isAtEnd = false
        /// The names of slots of the program, which the first pass may use.
        var programLabels: [String: Int] = [:]

        init(_ text: String) {
            bytes = Array(text.utf8)
            line = LineScanner("")
            advance()
        }

        /// Goes to the next line that says something.
        mutating func advance() {
            while nextStart < bytes.count {
                let start = nextStart
                var stop = start
                while stop < bytes.count && bytes[stop] != UInt8(ascii: "\n") { stop += 1 }
                nextStart = stop + 1
                linesSeen += 1
                line = LineScanner(bytes: bytes, line: start..<stop)
                lineNumber = linesSeen
                if !line.isAtEnd() { return }
            }
            line = LineScanner(bytes: bytes, line: bytes.count..<bytes.count)
            lineNumber = linesSeen + 1
            isAtEnd = true
        }

        /// Ends the line, of which nothing may be left.
        mutating func endLine(_ expected: String = "the end of the line") throws(AssemblyError) {
            if !line.isAtEnd() { throw line.fault(expected) }
            advance()
        }

        /// The error that something else was expected here.
        func fault(_ expected: String, at position: Int? = nil) -> AssemblyError {
            var fault = line.fault(expected, at: position)
            if isAtEnd { fault.found = "the end of the file" }
            return fault
        }

        // MARK: Whole file

        mutating func readCase() throws(AssemblyError) -> Case {
            var c = Case(program: Program(insns: []), passes: [])
            try readHeader(&c)
            guard line.takeWord("program") else { throw fault("`program`, or `name:` and the like before it") }
            try endLine()
            var block = try readProgram(["insns", "aux", "subprograms", "lines"])
            c.program = block.program
            programLabels = block.labels
            var length = c.program.insns.count
            while line.takeWord("pass") {
                try endLine()
                let pass = try readPass(length: length, isFirst: c.passes.isEmpty)
                length = CaseFile.length(after: pass, of: length)
                c.passes.append(pass)
            }
            if line.takeWord("expect") {
                c.expected = try readExpectation(&block)
                if !isAtEnd { throw fault("the end of the file") }
            }
            if !isAtEnd { throw fault(c.passes.isEmpty ? "`pass` or `expect`" : "an edit, `pass` or `expect`") }
            return c
        }

        /// `name: …` and the other words about the case.
        private mutating func readHeader(_ c: inout Case) throws(AssemblyError) {
            var seen: Set<String> = []
            var seed: UInt64?
            var index: UInt64?
            var loading = Case.Loading(LoadableProgram(program: c.program))
            while !isAtEnd {
                let start = line.position
                guard let key = line.takeLabel() else { break }
                let isRepeated = !seen.insert(key).inserted && !Self.repeatedKeys.contains(key)
                if isRepeated { throw fault("each of these words once", at: start) }
                switch key {
                case "name": c.name = try headerText()
                case "target": c.target = try headerText()
                case "bucket": c.bucket = try headerText()
                case "report":
                    let text = try headerText()
                    c.report = c.report.map { $0 + "\n" + text } ?? text
                case "seed": seed = try line.count(0...UInt64.max)
                case "index": index = try line.count(0...UInt64.max)
                case _ where Self.loadingKeys.contains(key):
                    try readLoading(key, into: &loading)
                default:
                    throw fault("`name:`, `target:`, `bucket:`, `seed:`, `index:`, `report:` or `program`", at: start)
                }
                try endLine()
            }
            if !seen.isDisjoint(with: Self.loadingKeys) { c.loading = loading }
            switch (seed, index) {
            case (let seed?, let index?): c.origin = Case.Origin(seed: seed, index: index)
            case (nil, nil): break
            default:
                throw fault(seed == nil ? "`seed:`, which belongs to `index:`" : "`index:`, which belongs to `seed:`")
            }
        }

        /// The text behind `name:`, quoted or as it is.
        mutating func headerText() throws(AssemblyError) -> String {
            if line.peek() != UInt8(ascii: "\"") { return line.rest() }
            return try QuotedText.read(&line)
        }

        // MARK: Expectation

        private mutating func readExpectation(_ block: inout ProgramBlock) throws(AssemblyError) -> Case.Expectation {
            for status in [PatchStatus.einval, .erange] where line.takeWord(status.errorName!) {
                try endLine()
                return .error(status)
            }
            let all: Set<String> = ["insns", "aux", "subprograms", "lines"]
            var parts: Set<String> = []
            if line.isAtEnd() { parts = all }
            let saysNothing = line.takeWord("nothing")
            while !saysNothing, let word = line.peekWord() {
                guard all.contains(word), !parts.contains(word) else { break }
                parts.insert(word)
                _ = line.takeWord()
            }
            let expected = "`EINVAL`, `ERANGE`, `nothing`, or parts: `insns`, `aux`, `subprograms`, `lines`"
            try endLine(expected)
            block = try readProgram(parts)
            return .result(
                insns: parts.contains("insns") ? block.program.insns : nil,
                aux: parts.contains("aux") ? block.program.aux : nil,
                subprograms: parts.contains("subprograms") ? block.program.subprograms : nil,
                lines: parts.contains("lines") ? block.program.lines : nil)
        }
    }
}
