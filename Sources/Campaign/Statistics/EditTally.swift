/// Counts edits, program by program.
struct EditTally {
    /// The number of most patched programs in the result.
    private static let mostCount = 5

    private var totals: EditStatistics
    private var lengths: [Int: Int] = [:]
    private var deletedLengths: [Int: Int] = [:]
    /// The number of programs by number of edits.
    private var programs: [Int: Int] = [:]
    /// The edits and the growth of the current program.
    private var editCount = 0
    private var growth = 0

    /// Starts with statistics without a program.
    init(_ totals: EditStatistics) { self.totals = totals }

    /// True if there was no edit.
    var isEmpty: Bool { totals.patches + totals.deletions == 0 }

    /// Counts an edit with a patch.
    ///
    /// - Parameters:
    ///   - length: the patch length; for an insertion, with the instruction that follows it
    ///   - growth: the growth of the program in slots
    mutating func addPatch(length: Int, growth: Int) {
        totals.patches += 1
        lengths[length, default: 0] += 1
        editCount += 1
        self.growth += growth
    }

    /// Counts an edit that only removes slots.
    mutating func addDeletion(of slots: Int) {
        totals.deletions += 1
        deletedLengths[slots, default: 0] += 1
        editCount += 1
        growth -= slots
    }

    /// Counts the program as one with a jump out of the range of 16 bits.
    mutating func addOutOfRange() { totals.outOfRange += 1 }

    /// Ends a program: the edits since the previous end belong to it.
    ///
    /// - Complexity: O(1)
    mutating func endProgram(object: String, name: String, slots: Int) {
        totals.programsTouched += editCount > 0 ? 1 : 0
        totals.slotsIn += slots
        totals.slotsOut += slots + growth
        programs[editCount, default: 0] += 1
        keepIfMostPatched(
            EditStatistics.PatchedProgram(
                object: object, program: name, edits: editCount, slotsIn: slots, slotsOut: slots + growth))
        editCount = 0
        growth = 0
    }

    /// Keeps a program if it is among the most patched.
    private mutating func keepIfMostPatched(_ program: EditStatistics.PatchedProgram) {
        if program.edits == 0 { return }
        let place = totals.mostPatched.firstIndex { $0.edits < program.edits } ?? totals.mostPatched.count
        totals.mostPatched.insert(program, at: place)
        if totals.mostPatched.count > EditTally.mostCount { totals.mostPatched.removeLast() }
    }

    /// The counts so far.
    var statistics: EditStatistics {
        func sorted(_ counts: [Int: Int]) -> [EditStatistics.LengthCount] {
            counts.sorted { $0.key < $1.key }.map { EditStatistics.LengthCount(length: $0.key, count: $0.value) }
        }
        let byEdits = programs.sorted { $0.key < $1.key }
        let programCount = programs.values.reduce(0, +)
        func most(in percent: Int) -> Int {
            var rest = max(1, (programCount * percent + 99) / 100)
            for (edits, count) in byEdits {
                rest -= count
                if rest <= 0 { return edits }
            }
            return 0
        }
        var result = totals
        result.growth = totals.slotsOut - totals.slotsIn
        result.lengths = sorted(lengths)
        result.deletedLengths = sorted(deletedLengths)
        result.perProgram = EditStatistics.Spread(
            p50: most(in: 50), p90: most(in: 90), p99: most(in: 99), max: most(in: 100))
        // One row for each bit width of the number of edits.
        let last = Int.bitWidth - most(in: 100).leadingZeroBitCount
        result.programs = (0...last).map { bits in
            let range = (bits == 0 ? 0 : 1 << (bits - 1))...((1 << bits) - 1)
            let count = byEdits.reduce(0) { $0 + (range.contains($1.key) ? $1.value : 0) }
            return EditStatistics.ProgramCount(from: range.lowerBound, to: range.upperBound, programs: count)
        }
        return result
    }
}
