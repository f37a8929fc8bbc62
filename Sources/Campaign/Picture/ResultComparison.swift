import BPF

/// The rows of a wrong result: the correct result on the left, the actual one on the right, each fault marked.
struct ResultComparison {
    private(set) var expected: Listing
    private(set) var actual: Listing
    private(set) var rows: [PictureRow] = []
    /// True if an aux word is wrong.
    private(set) var hasAuxFault = false
    /// True if a line record is wrong.
    private(set) var hasLineFault = false
    private let alignment: SlotAlignment
    /// The faults by the actual slot at which they are shown.
    private var notes: [Int: [String]] = [:]
    /// The missing slots and table rows, by the expected slot.
    private var missing: [Int: [String]] = [:]
    private var headerFaults: Set<Int> = []

    /// The number of rows shown around a fault of a long program.
    private static let surroundings = 3
    /// The most faults described in words, and the most wrong jumps drawn heavy.
    private static let noteLimit = 12
    private static let heavyLimit = 6
    private var heavyCount = 0

    /// Compares two results of one pass.
    ///
    /// - Complexity: as ``SlotAlignment``
    ///
    /// - Parameters:
    ///   - target: the patcher or kernel of the actual result
    ///   - mark: a wrong slot of the actual result and its note, shown only without any other difference
    ///   - namesMaps: see ``Listing``
    init(
        expected: Program, actual: Program, target: String, mark: (slot: Int, words: String)? = nil,
        namesMaps: Bool = false
    ) {
        self.expected = Listing("must be", expected, namesMaps: namesMaps)
        self.actual = Listing("\(target) gives", actual, namesMaps: namesMaps)
        alignment = SlotAlignment(expected: expected.insns, actual: actual.insns)
        for pair in alignment.pairs { compare(pair.expected, pair.actual) }
        compareTables()
        if let mark, notes.isEmpty && missing.isEmpty { note(mark.slot, mark.words) }
        layOut()
    }

    // MARK: Slots

    private mutating func compare(_ wanted: Int?, _ got: Int?) {
        guard let wanted else { return note(got!, "must not be here") }
        guard let got else {
            if expected.isStart[wanted] { missing[wanted, default: []].append("slot \(wanted) is missing") }
            return
        }
        let insn = expected.program.insns[wanted]
        let other = actual.program.insns[got]
        let isSecond = !expected.isStart[wanted]
        if isSecond ? insn != other : insn.withoutJump != other.withoutJump {
            let texts = (expected.text(of: wanted), actual.text(of: got))
            note(got, isSecond ? "has another second slot" : "must be `\(texts.0)`, is `\(texts.1)`")
        } else if !isSecond && insn.jumpKind != .none {
            compareTargets(wanted, got)
        }
        let words = (expected.program.aux[wanted], actual.program.aux[got])
        if words.0 != words.1 {
            hasAuxFault = true
            let place = isSecond ? "second aux word" : "aux word"
            note(got, "\(place) must be \(words.0), is \(words.1)")
        }
    }

    private mutating func compareTargets(_ wanted: Int, _ got: Int) {
        let kind = expected.program.insns[wanted].jumpKind
        let target = wanted + 1 + expected.program.insns[wanted].jumpOffset(kind)
        let actualTarget = got + 1 + actual.program.insns[got].jumpOffset(kind)
        if alignment.actualOfExpected[target] == actualTarget { return }
        heavyCount += 1
        if heavyCount <= Self.heavyLimit {
            expected.emphasize(jumpAt: wanted, .right)
            actual.emphasize(jumpAt: got, .wrong)
        }
        note(got, "must reach \(Self.place(target, expected)), reaches \(Self.place(actualTarget, actual))")
    }

    /// A slot and the marker of its instruction.
    private static func place(_ slot: Int, _ listing: Listing) -> String {
        guard let marker = listing.marker(at: slot) else { return "\(slot), outside the program" }
        if !listing.isStart[slot] { return "\(slot), the second slot of a wide load" }
        return "\(slot) (marker \(marker))"
    }

    private mutating func note(_ slot: Int, _ text: String) { notes[slot, default: []].append(text) }

    // MARK: Tables

    private mutating func compareTables() {
        compareTable(
            "subprogram", "start at", expected.program.subprograms.map { (Int($0.start), $0.id) },
            actual.program.subprograms.map { (Int($0.start), $0.id) }, isHeader: true)
        compareTable(
            "line record", "be at", expected.program.lines.map { (Int($0.insnOff), $0.id) },
            actual.program.lines.map { (Int($0.insnOff), $0.id) }, isHeader: false)
    }

    private mutating func compareTable(
        _ name: String, _ verb: String, _ wanted: [(place: Int, id: UInt32)], _ got: [(place: Int, id: UInt32)],
        isHeader: Bool
    ) {
        var unmatched = got
        for row in wanted {
            guard let match = unmatched.firstIndex(where: { $0.id == row.id }) else {
                if !isHeader { hasLineFault = true }
                missing[row.place, default: []].append("\(name) \(row.id) is missing, must \(verb) \(row.place)")
                continue
            }
            let other = unmatched.remove(at: match)
            // A row that moved with its instruction is correct; the layout is wrong.
            if other.place == row.place || alignment.actualOfExpected[row.place] == other.place { continue }
            noteRow(other.place, "\(name) \(row.id) must \(verb) \(row.place), is at \(other.place)", isHeader)
        }
        for row in unmatched { noteRow(row.place, "\(name) \(row.id) at \(row.place) must not be here", isHeader) }
    }

    private mutating func noteRow(_ place: Int, _ text: String, _ isHeader: Bool) {
        if isHeader { headerFaults.insert(place) } else { hasLineFault = true }
        note(max(min(place, actual.program.insns.count - 1), 0), text)
    }

    // MARK: Rows

    private mutating func layOut() {
        var plain: [PictureRow] = []
        var count = 0
        for (wanted, got) in alignment.pairs {
            var row = PictureRow()
            if let wanted, expected.isStart[wanted] { row.left = PictureEntry(.slot(wanted)) }
            if let got, actual.isStart[got] { row.right = PictureEntry(.slot(got)) }
            var texts = got.flatMap { notes[$0] } ?? []
            texts += wanted.flatMap { missing[$0] } ?? []
            if !texts.isEmpty {
                if count < Self.noteLimit { row.interest = Self.surroundings }
                row.left?.tone = .right
                row.right?.tone = .wrong
                row.right?.sign = "✗"
            }
            if row.left != nil || row.right != nil { plain.append(row) }
            for text in texts {
                count += 1
                if count > Self.noteLimit { break }
                var note = PictureRow(nil, PictureEntry(.note("✗ " + text), .wrong))
                note.interest = Self.surroundings
                plain.append(note)
            }
        }
        if count > Self.noteLimit {
            var note = PictureRow(nil, PictureEntry(.note("✗ and more"), .wrong))
            note.interest = 0
            plain.append(note)
        }
        showTargets(&plain)
        rows = PassLayout.withHeaders(plain, left: expected, right: actual)
        for number in rows.indices {
            guard case .header = rows[number].right?.content, number + 1 < rows.count else { continue }
            // A header has the fault of the slot that follows it.
            let slot = rows[number...].lazy.compactMap { $0.right?.slot }.first
            if let slot, headerFaults.contains(slot) { rows[number].right?.tone = .wrong }
        }
    }

    /// Keeps the actual and the expected targets of wrong jumps from being folded.
    private func showTargets(_ rows: inout [PictureRow]) {
        let wanted = Set(expected.arcs.filter(\.isEmphasized).map(\.target))
        let got = Set(actual.arcs.filter(\.isEmphasized).map(\.target))
        for number in rows.indices where rows[number].interest == nil {
            if let slot = rows[number].left?.slot, wanted.contains(slot) { rows[number].interest = 1 }
            if let slot = rows[number].right?.slot, got.contains(slot) { rows[number].interest = 1 }
        }
    }
}
