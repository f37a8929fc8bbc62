/// The mutants of the functions of a slice, each as a copy of its function in the same object.
///
/// A function begins with a switch over the number in the object, which calls one of its copies. So one compilation makes
/// all mutants, and a mutant is chosen by writing a number into a copy of the object.
struct MutatedFunctions {
    /// The mutants that are compiled.
    private(set) var mutants: [Mutant]
    /// The functions that are not mutated.
    let refusals: [UnmutatedFunction]

    /// The bytes before the number in an object.
    static let mark = "BPF_PATCH_FUZZ_MUTANT_IS"

    /// The C code of the number.
    static let declaration = """
        static const volatile struct { char mark[24]; unsigned int number; }
        standin_mutant __attribute__((used, aligned(8))) = { "\(mark)", 0 };
        """

    /// The mutants of historical faults in the functions of a slice.
    ///
    /// A mutant may change several functions; its parts have the same number.
    init(_ faults: HistoricalFaultFinder) {
        mutants = faults.mutants
        refusals = []
    }

    /// Finds the mutants of all functions that a slice takes from `kernel/bpf`.
    ///
    /// - Complexity: O(bytes)
    init(_ slice: CSlice) {
        var mutants: [Mutant] = []
        var refusals: [UnmutatedFunction] = []
        for function in slice.functions {
            let file = slice.files[function.file]
            if !file.name.hasPrefix("kernel/bpf/") || file.isHeader { continue }
            if file.bytes[function.body] != UInt8(ascii: "{") {
                refusals.append(
                    UnmutatedFunction(name: function.name, reason: "its body does not follow its parameters"))
            } else if function.parameters(in: file) == nil {
                refusals.append(
                    UnmutatedFunction(name: function.name, reason: "its parameters cannot be passed to a copy"))
            } else {
                mutants += MutantFinder(file, function).mutants
            }
        }
        var counts: [String: Int] = [:]
        for place in mutants.indices {
            mutants[place].number = place + 1
            let count = counts[mutants[place].identity, default: 0] + 1
            counts[mutants[place].identity] = count
            mutants[place].occurrence = count
        }
        self.mutants = mutants
        self.refusals = refusals
    }

    /// Removes the mutants that a compiler refuses; returns false if its messages name none.
    mutating func drop(refusedIn messages: String) -> Bool {
        let numbers = Set(
            messages.matches(of: /mutant-([0-9]+):[0-9]+/).compactMap { Int($0.output.1) })
        mutants.removeAll { numbers.contains($0.number) }
        return !numbers.isEmpty
    }

    /// The copies of a function, which precede it.
    func copies(of function: CDefinition, in file: CFile) -> [String] {
        mutants.filter { isOf($0, function, file) }.map { mutant in
            let header = function.header(renamed: name(of: mutant), in: file)
            let body = file.text(function.body..<function.range.upperBound, mutant.edits)
            return "#line \(function.line) \"mutant-\(mutant.number)\"\n\(header)\n\(body)"
        }
    }

    /// The switch at the start of a function.
    func start(of function: CDefinition, in file: CFile) -> String {
        let own = mutants.filter { isOf($0, function, file) }
        if own.isEmpty { return "" }
        let arguments = (function.parameters(in: file) ?? []).joined(separator: ", ")
        let cases = own.map { mutant in
            let call = "\(name(of: mutant))(\(arguments));"
            return "case \(mutant.number): " + (function.isVoid(in: file) ? "\(call) return;" : "return \(call)")
        }
        return " switch (standin_mutant.number) { \(cases.joined(separator: " ")) } "
    }

    private func isOf(_ mutant: Mutant, _ function: CDefinition, _ file: CFile) -> Bool {
        mutant.function == function.name && mutant.file == file.name
    }

    private func name(of mutant: Mutant) -> String { "\(mutant.function)__mutant_\(mutant.number)" }
}

extension CDefinition {
    /// The part of a function before its body, with another name and local to the file.
    fileprivate func header(renamed name: String, in file: CFile) -> String {
        var scanner = CScanner(file.bytes, in: range.lowerBound..<body, line: line)
        var text = "static "
        var isRenamed = false
        while let token = scanner.next() {
            let word = file.text(token.range)
            if token.kind == .directive || ["static", "extern", "inline", "__always_inline"].contains(word) {
                continue
            }
            text += (!isRenamed && word == self.name ? name : word) + " "
            isRenamed = isRenamed || word == self.name
        }
        return text
    }
}
