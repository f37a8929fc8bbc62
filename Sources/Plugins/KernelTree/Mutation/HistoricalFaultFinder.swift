/// Finds the places of historical faults in the functions of a slice.
struct HistoricalFaultFinder {
    /// The changes of the faults, one for each changed function; the number is the place of the fault in the list, from 1.
    private(set) var mutants: [Mutant] = []
    /// The reasons for the faults that do not fit, by number.
    private(set) var misfits: [Int: String] = [:]

    /// - Complexity: O(bytes of the functions)
    init(_ slice: CSlice) {
        for (index, fault) in HistoricalFault.all.enumerated() {
            let number = index + 1
            switch fault.form {
            case .notTested: break
            case .planted(let changes): find(changes, number, slice)
            case .mended(let changes, let word):
                let mending = changes.first { Self.place(of: $0.function, in: slice)?.text.contains(word) == true }
                if let mending {
                    misfits[number] = "\(mending.function)() has \(word): the tree does not have the fault"
                } else {
                    find(changes, number, slice)
                }
            }
        }
    }

    /// The faults that the tree has and whose mending fits.
    var mendable: [HistoricalFault] {
        HistoricalFault.all.enumerated().filter { index, fault in
            fault.isMended && mutants.contains { $0.number == index + 1 }
        }.map(\.element)
    }

    private struct Place {
        var file: CFile
        var definition: CDefinition
        var text: String { file.text(definition.range) }
    }

    private static func place(of function: String, in slice: CSlice) -> Place? {
        slice.functions.first { $0.name == function }.map { Place(file: slice.files[$0.file], definition: $0) }
    }

    private mutating func find(_ changes: [HistoricalFault.Change], _ number: Int, _ slice: CSlice) {
        var functions: [String] = []
        var edits: [String: [Mutant.TextEdit]] = [:]
        for change in changes {
            guard let place = Self.place(of: change.function, in: slice) else {
                misfits[number] = "the tree has no \(change.function)()"
                return
            }
            let ranges = Self.ranges(of: change.old, in: place)
            guard ranges.count == change.count else {
                let found = ranges.isEmpty ? "no" : "\(ranges.count) times, not \(change.count)"
                misfits[number] = "\(change.function)() has \(found) '\(change.old)'"
                return
            }
            if edits[change.function] == nil { functions.append(change.function) }
            edits[change.function, default: []] += ranges.map { range in
                Mutant.TextEdit(range: range, text: change.new.replacing("@", with: place.file.text(range)))
            }
        }
        for function in functions {
            guard let place = Self.place(of: function, in: slice), let edits = edits[function] else { continue }
            var mutant = Mutant(
                .historical, edits.sorted { $0.range.lowerBound < $1.range.lowerBound }, of: place.definition,
                in: place.file)
            mutant.number = number
            mutants.append(mutant)
        }
    }

    /// The places of a text in a function's body; only its words count.
    private static func ranges(of text: String, in place: Place) -> [Range<Int>] {
        let file = CFile(CFileSource(name: "", bytes: Array(text.utf8)), number: 0)
        let wanted = MutationWords(file, in: file.bytes.indices).words.map(\.text)
        let words = MutationWords(place.file, place.definition).words
        guard !wanted.isEmpty, words.count >= wanted.count else { return [] }
        return (0...(words.count - wanted.count)).filter { start in
            words[start..<(start + wanted.count)].map(\.text) == wanted
        }.map { words[$0].range.lowerBound..<words[$0 + wanted.count - 1].range.upperBound }
    }
}

extension KernelTree {
    /// Mends faults in the text of the tree in memory.
    ///
    /// - Returns: those whose text was found, each exactly once in the files of the tree
    mutating func mend(_ faults: [HistoricalFault]) -> [HistoricalFault] {
        faults.filter { fault in
            guard case .mended(let changes, _) = fault.form else { return false }
            var files = sources
            for change in changes {
                let old = Array(change.old.utf8)
                let new = Array(change.new.replacing("@", with: change.old).utf8)
                let places = files.indices.flatMap { file in
                    files[file].bytes.ranges(of: old).map { (file: file, range: $0) }
                }
                guard places.count == 1, let place = places.first else { return false }
                files[place.file].bytes.replaceSubrange(place.range, with: new)
            }
            sources = files
            return true
        }
    }
}
