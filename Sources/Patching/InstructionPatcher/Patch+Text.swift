import BPF

extension Patch {
    /// An error in the text of a patch, with its line.
    public typealias TextError = Program.TextError

    /// Reads a patch from text in the syntax of `BPF.Assembler`, with statements separated by `;` or new lines.
    ///
    /// | text | meaning |
    /// |---|---|
    /// | `kept` | the replaced instruction itself |
    /// | `done:` before a statement or at the end | a place in the patch |
    /// | `goto done`, `if r1 == 0 goto done` | a jump within the patch |
    /// | `goto out` | a jump to the end of the patch |
    /// | `goto @7`, `goto @\(index)` | a jump to an instruction of the program, by its original index |
    /// | `call @7`, `r1 = @7 ll` | a call, or the address, of the subprogram that starts there |
    /// | `goto +2` | a distance in slots of the patch |
    ///
    /// A `#` begins a comment that goes to the end of its line.
    ///
    /// - Throws: the first error
    /// - Complexity: O(length)
    public init(_ text: String) throws(TextError) {
        var reader = TextReader()
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var scanner = LineScanner(String(line))
            do {
                try reader.readLine(&scanner, number + 1)
            } catch {
                throw TextError(line: number + 1, fault: error)
            }
        }
        if let fault = reader.firstUnplaced { throw fault }
        self = reader.patch
    }

    /// Reads the lines of a text one by one.
    private struct TextReader {
        private(set) var patch = Patch()
        private var labels: [String: Label] = [:]
        private var placed: Set<Label> = []
        /// The jumps to labels, each with the error to throw if its label is never placed.
        private var uses: [(label: Label, fault: TextError)] = []

        /// The error of the first jump to a label that is not placed.
        var firstUnplaced: TextError? { uses.first { !placed.contains($0.label) }?.fault }

        /// Reads the labels and statements of one line.
        mutating func readLine(_ scanner: inout LineScanner, _ line: Int) throws(AssemblyError) {
            repeat {
                scanner.skipBlanks()
                var start = scanner.position
                while let name = scanner.takeLabel() {
                    let label = label(name)
                    guard placed.insert(label).inserted else {
                        throw scanner.fault("a label that is not in use yet", at: start)
                    }
                    patch.place(label)
                    scanner.skipBlanks()
                    start = scanner.position
                }
                if scanner.isAtEnd() { return }
                try readStatement(&scanner, line)
            } while scanner.takeSymbol(";")
            if !scanner.isAtEnd() { throw scanner.fault("`;` or the end of the line") }
        }

        private mutating func readStatement(_ scanner: inout LineScanner, _ line: Int) throws(AssemblyError) {
            let start = scanner.position
            if scanner.takeWord("kept") {
                if patch.keep != nil { throw scanner.fault("`kept` once", at: start) }
                patch.addKept()
                return
            }
            let statement = try Assembler.statement(&scanner)
            func fault(_ expected: String, _ found: String) -> AssemblyError {
                AssemblyError(column: statement.targetColumn, expected: expected, found: "`\(found)`")
            }
            switch statement.target {
            case nil, .relative: patch.add(statement.insn)
            case .out: patch.add(statement.insn, to: .end)
            case .inputIndex(let index): patch.add(statement.insn, to: .instruction(InputIndex(rawValue: index)))
            case .inputLabel(let name): throw fault("a number after `@`: a program has no labels", "@\(name)")
            case .label(let name):
                let label = label(name)
                uses.append((label, TextError(line: line, fault: fault("a label of this patch", name))))
                patch.add(statement.insn, to: .label(label))
            }
            if let second = statement.secondSlot { patch.add(second) }
        }

        /// The label with a name; made on first use.
        private mutating func label(_ name: String) -> Label {
            if let known = labels[name] { return known }
            let label = patch.makeLabel()
            labels[name] = label
            return label
        }
    }
}
