extension AssemblyReader {
    /// The tables of a program that have been read so far.
    private struct Tables {
        var parts: Set<String>
        var aux: [UInt32] = []
        /// The words of `.auxtable`, which replace `aux`; for a program whose words and slots differ in number.
        var auxTable: [UInt32]?
        var subprograms: [Subprogram]?
        var lines: [LineRecord] = []
    }

    /// All parts of a program.
    package static let programParts: Set<String> = ["insns", "aux", "subprograms", "lines"]

    /// Reads slots and tables up to the next section, and leaves the labels in ``programLabels``.
    ///
    /// - Parameter parts: the parts that the section may hold; any other is an error
    package mutating func readProgram(_ parts: Set<String> = Self.programParts) throws(AssemblyError) -> Program {
        var block = SlotBlock()
        var tables = Tables(parts: parts)
        while !isAtEnd {
            try readLabels(&block)
            if line.isAtEnd() {
                advance()
                continue
            }
            if line.peek() == UInt8(ascii: ".") {
                try readDirective(&block, &tables)
            } else {
                if isAtSection() { break }
                try require("insns", tables)
                let width = try readStatement(&block)
                for _ in 0..<width { tables.aux.append(0) }
                if let words = try readAux(atMost: width, tables) {
                    for (number, word) in words.enumerated() { tables.aux[block.insns.count - width + number] = word }
                }
            }
            try endLine()
        }
        let here = lineNumber
        for jump in block.pending {
            let name: String
            switch jump.target {
            case .label(let label): name = label
            case .out: name = "out"
            default: throw fault("a label, `+3` or `-3`: `@` belongs to patches", of: jump)
            }
            guard let target = block.labels[name] else { throw fault("a label of this program", of: jump) }
            try place(jump, at: target, in: &block)
        }
        lineNumber = here
        let program = Program(
            insns: block.insns, aux: tables.auxTable ?? tables.aux,
            subprograms: tables.subprograms ?? [Subprogram(start: 0, id: 0)], lines: tables.lines)
        programLabels = block.labels
        return program
    }

    /// Returns true if the line begins another section.
    package mutating func isAtSection() -> Bool { line.peekWord().map(sections.contains) ?? false }

    private func require(_ part: String, _ tables: Tables) throws(AssemblyError) {
        if !tables.parts.contains(part) { throw fault("no \(part): `expect` does not name them here") }
    }

    /// `.aux 7`, or `.aux 7 8` for both slots of a wide load.
    private mutating func readAux(atMost most: Int, _ tables: Tables) throws(AssemblyError) -> [UInt32]? {
        line.skipBlanks()
        let start = line.position
        guard line.takeSymbol(".aux") else { return nil }
        if !tables.parts.contains("aux") { throw fault("no aux: `expect` does not name it here", at: start) }
        var words = [try line.count(0...UInt32.max)]
        if most == 2 && !line.isAtEnd() { words.append(try line.count(0...UInt32.max)) }
        return words
    }

    private mutating func readDirective(
        _ block: inout SlotBlock, _ tables: inout Tables
    ) throws(AssemblyError) {
        let start = line.position
        _ = line.takeSymbol(".")
        let here = UInt32(block.insns.count)
        switch line.takeWord() {
        case "subprog":
            if !tables.parts.contains("subprograms") { throw fault("no `.subprog` here", at: start) }
            if tables.subprograms == nil && line.takeWord("none") {
                tables.subprograms = []
                return
            }
            let id = try line.count(0...UInt32.max)
            let place = try readPlace() ?? here
            tables.subprograms = (tables.subprograms ?? []) + [Subprogram(start: place, id: id)]
        case "line":
            if !tables.parts.contains("lines") { throw fault("no `.line` here", at: start) }
            let id = try line.count(0...UInt32.max)
            tables.lines.append(LineRecord(insnOff: try readPlace() ?? here, id: id))
        case "fill":
            if !tables.parts.contains("insns") { throw fault("no `.fill` here", at: start) }
            let count = try readFill(&block)
            let first = try readAux(atMost: 1, tables)?[0]
            if let first, UInt64(first) + UInt64(count) - 1 > UInt64(UInt32.max) {
                throw fault("an `.aux` of which \(count) fit 32 bits", at: start)
            }
            for number in 0..<UInt32(count) { tables.aux.append(first.map { $0 + number } ?? 0) }
        case "auxtable":
            if !tables.parts.contains("aux") { throw fault("no `.auxtable` here", at: start) }
            var words = tables.auxTable ?? []
            while !line.isAtEnd() { words.append(try line.count(0...UInt32.max)) }
            tables.auxTable = words
        default: throw fault("`.subprog`, `.line`, `.fill` or `.auxtable`", at: start)
        }
    }

    /// `at 7`, for a record that is not directly before its slot.
    private mutating func readPlace() throws(AssemblyError) -> UInt32? {
        line.takeWord("at") ? try line.count(0...UInt32.max) : nil
    }
}
