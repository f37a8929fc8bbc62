import BPF
import KernelModel
import Patching

extension CaseFile {
    /// Reads a file: a header, and sections of assembler text.
    typealias Reader = AssemblyReader

    /// The words that begin a section.
    static let sections: Set<String> = ["program", "pass", "expect", "gives"]

    /// The keys of any case, for an error.
    static let headerWords =
        "`name:`, `target:`, `bucket:`, `sentence:`, `detail:`, `seed:`, `index:`, `found_by:`, `conditions:`, `report:` or "
        + "`program`"
}

extension CaseFile.Reader {
    // MARK: Whole file

    mutating func readCase() throws(AssemblyError) -> Case {
        var c = Case(program: Program(insns: []), passes: [])
        try readHeader(&c)
        guard line.takeWord("program") else { throw fault("`program`, or a key such as `name:` before it") }
        // The title is not part of the case's comment.
        let words = (comments ?? []).filter { "# " + $0 != CaseFile.title }
        if !words.isEmpty { c.comment = words.joined(separator: "\n") }
        comments = nil
        try endLine()
        c.program = try readProgram()
        var length = c.program.insns.count
        while line.takeWord("pass") {
            try endLine()
            let pass = try readPass(length: length, isFirst: c.passes.isEmpty)
            length = CaseFile.length(after: pass, of: length)
            c.passes.append(pass)
        }
        if line.takeWord("expect") {
            c.expected = try readExpectation()
            if !isAtEnd && !(c.loading != nil && line.peekWord() == "gives") { throw fault("the end of the file") }
        }
        if c.loading != nil && line.takeWord("gives") {
            try endLine()
            c.loading?.given = try readProgram(["insns", "subprograms", "lines"])
            if !isAtEnd { throw fault("the end of the file") }
        }
        if !isAtEnd { throw fault(c.passes.isEmpty ? "`pass` or `expect`" : "an edit, `pass` or `expect`") }
        return c
    }

    /// Reads `name: …` and the other keys of the header.
    private mutating func readHeader(_ c: inout Case) throws(AssemblyError) {
        var seen: Set<String> = []
        var seed: UInt64?
        var index: UInt64?
        var loading = Case.Loading(LoadableProgram(program: c.program))
        while !isAtEnd {
            let start = line.position
            guard let key = line.takeLabel() else { break }
            let isRepeated = !seen.insert(key).inserted && !Self.repeatedKeys.contains(key)
            if isRepeated { throw fault("each of these keys once", at: start) }
            switch key {
            case "name": c.name = try headerText()
            case "target": c.target = try headerText()
            case "bucket": c.bucket = try headerText()
            case "found_by": c.foundBy = try headerText()
            case "sentence": c.sentence = try headerText()
            case "detail": c.detail = try headerText()
            case "report":
                let text = try headerText()
                c.report = c.report.map { $0 + "\n" + text } ?? text
            case "conditions": c.conditions = try readConditions()
            case "seed": seed = try line.count(0...UInt64.max)
            case "index": index = try line.count(0...UInt64.max)
            case _ where Self.loadingKeys.contains(key):
                try readLoading(key, into: &loading)
            default:
                throw fault(CaseFile.headerWords, at: start)
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

    /// `beyond-contract`, `fail-alloc 10` or `fail-alloc 10 seed 7`, or both with a comma between them.
    private mutating func readConditions() throws(AssemblyError) -> Case.Conditions {
        var conditions = Case.Conditions()
        repeat {
            if !conditions.beyondContract && line.takeSymbol("beyond-contract") {
                conditions.beyondContract = true
            } else if conditions.failAlloc == 0 && line.takeSymbol("fail-alloc") {
                conditions.failAlloc = try line.count(1...UInt32.max)
                if line.takeSymbol("seed") { conditions.failSeed = try line.count(0...UInt64.max) }
            } else {
                throw fault("`beyond-contract` or `fail-alloc N`")
            }
        } while line.takeSymbol(",")
        return conditions
    }

    /// Reads the text after `name:`, quoted or not.
    mutating func headerText() throws(AssemblyError) -> String {
        if line.peek() != UInt8(ascii: "\"") { return line.rest() }
        return try QuotedText.read(&line)
    }

    // MARK: Expectation

    private mutating func readExpectation() throws(AssemblyError) -> Case.Expectation {
        for status in [PatchStatus.einval, .erange] where line.takeWord(status.errorName!) {
            try endLine()
            return .error(status)
        }
        let all = Self.programParts
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
        let program = try readProgram(parts)
        return .result(
            insns: parts.contains("insns") ? program.insns : nil,
            aux: parts.contains("aux") ? program.aux : nil,
            subprograms: parts.contains("subprograms") ? program.subprograms : nil,
            lines: parts.contains("lines") ? program.lines : nil)
    }
}
