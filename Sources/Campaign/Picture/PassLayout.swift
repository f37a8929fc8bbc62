import BPF
import Patching

/// The rows of a pass: the input on the left, the result on the right, the edits between them.
///
/// A surviving instruction has the same row on both sides. For a refused pass, the right side shows only the patches.
struct PassLayout {
    /// The number of rows at either end of an edit that are always shown.
    private static let shownEnds = 3
    /// The width of an edit's description, in columns.
    private let wordsWidth: Int

    private let input: Listing
    /// `nil` for a refused pass.
    private let result: Listing?
    private(set) var rows: [PictureRow] = []
    /// The next slot of the result.
    private var out = 0
    /// The pass with the reason of its refusal.
    private let step: CaseHistory.Step
    private var malformed: MalformedEdit? { step.malformed }

    /// Lays out a pass, which may be malformed.
    ///
    /// - Complexity: O(slots + patch slots)
    init(_ pass: Pass, input: Listing, result: Listing?, refusal step: CaseHistory.Step) {
        self.input = input
        self.result = result
        self.step = step
        // Long indices need longer lines.
        wordsWidth = input.program.insns.count < 1000 ? 26 : 34
        let count = input.program.insns.count
        var slot = 0
        for (number, edit) in pass.edits.enumerated() {
            let words = EditWords(number: number + 1, edit: edit, inputCount: count)
            let start = min(max(edit.off.position, slot), count)
            addSurvivors(from: slot, to: start)
            // A malformed edit may start before the current slot or outside the program.
            let end = edit.off.position >= slot ? min(edit.off.position + Int(edit.remove), count) : start
            addEdit(words, from: start, to: max(start, end))
            slot = max(start, end)
        }
        addSurvivors(from: slot, to: count)
        rows = Self.withHeaders(rows, left: input, right: result)
    }

    /// Adds the rows of surviving instructions.
    private mutating func addSurvivors(from start: Int, to end: Int) {
        for slot in start..<end {
            if input.isStart[slot] {
                rows.append(PictureRow(entry(slot), result == nil ? nil : PictureEntry(.slot(out))))
                noteFault(slot)
            }
            out += 1
        }
    }

    private func entry(_ slot: Int, sign: Character = " ") -> PictureEntry {
        PictureEntry(.slot(slot), sign == " " ? .plain : .edit, sign: sign)
    }

    /// Adds the rows of an edit.
    private mutating func addEdit(_ words: EditWords, from start: Int, to end: Int) {
        let removed = (start..<max(start, end)).filter { input.isStart[$0] }
        let isKept = words.edit.keep.map { $0.position < words.edit.patch.count } ?? false
        var group: [PictureRow] = []
        var faultRow: (row: Int, isLeft: Bool)?
        var slot = 0
        var keptRow: Int?
        while slot < words.edit.patch.count {
            var row = PictureRow()
            let keeps = words.keeps(slot)
            if keeps && keptRow == nil { keptRow = group.count }
            let sign: Character = keeps ? "=" : "+"
            if result != nil {
                row.right = PictureEntry(.slot(out), .edit, sign: sign)
                row.origin = words.origin(of: slot)
            } else {
                row.right = PictureEntry(
                    .loose(name: "P\(slot)", text: words.source(of: slot), slots: words.width(at: slot)), .edit,
                    sign: sign)
                if let malformed, malformed.edit + 1 == words.number, malformed.rule.isAboutSlot,
                    malformed.slot == slot
                {
                    row.right?.sign = "✗"
                    row.right?.tone = .wrong
                }
            }
            let width = words.width(at: slot)
            if let place = step.faultPlace, (out..<out + width).contains(place) { faultRow = (group.count, keeps) }
            out += width
            slot += width
            group.append(row)
        }
        var lines = StyledText.wrapList(words.text, to: wordsWidth)
        if let malformed, malformed.edit + 1 == words.number {
            lines += StyledText.wrap(malformed.rule.rawValue, to: wordsWidth - 2).map { "✗ " + $0 }
        }
        while group.count < max(removed.count, lines.count) { group.append(PictureRow()) }
        let first = isKept && removed.count == 1 ? keptRow ?? 0 : 0
        for (number, slot) in removed.enumerated() {
            group[first + number].left = entry(slot, sign: isKept && removed.count == 1 ? "=" : "-")
        }
        for number in group.indices {
            group[number].bracket =
                group.count == 1 ? "╶" : number == 0 ? "┌" : number == group.count - 1 ? "└" : "│"
            if number < lines.count { group[number].words = lines[number] }
            if number < Self.shownEnds || number >= group.count - Self.shownEnds || number < lines.count {
                group[number].interest = number == 0 || number == group.count - 1 ? 2 : 0
            }
        }
        if let (row, isLeft) = faultRow {
            let note = note(on: isLeft ? words.edit.off.position : nil)
            var noteRow = PictureRow(isLeft ? note : nil, isLeft ? nil : note)
            noteRow.bracket = row == group.count - 1 ? " " : "│"
            noteRow.interest = 2
            group.insert(noteRow, at: row + 1)
        }
        rows += group
    }

    /// Adds a note below the last row if its jump is the reason of the refusal.
    private mutating func noteFault(_ slot: Int) {
        guard step.faultPlace == out else { return }
        rows[rows.count - 1].interest = 2
        var row = PictureRow(note(on: slot))
        row.interest = 2
        rows.append(row)
    }

    /// The fault of a jump: of the input at a slot, or of a patch if `slot` is `nil`.
    private func note(on slot: Int?) -> PictureEntry {
        let target = slot.map { slot in
            let insn = input.program.insns[slot]
            return "target \(slot + 1 + insn.jumpOffset(insn.jumpKind))"
        }
        let reason = step.status == .erange ? "too far for 16 bits" : "gone or in another subprogram"
        return PictureEntry(.note("✗ \(step.status.errorName ?? ""): \(target ?? "its target") is \(reason)"), .wrong)
    }

    /// Adds a header row before the first slot of each subprogram.
    static func withHeaders(_ rows: [PictureRow], left: Listing, right: Listing?) -> [PictureRow] {
        var all: [PictureRow] = []
        all.reserveCapacity(rows.count + 8)
        for row in rows {
            let ids = row.left?.slot.map { left.subprograms(at: $0) } ?? []
            let others = row.right?.slot.flatMap { right?.subprograms(at: $0) } ?? []
            for number in 0..<max(ids.count, others.count) {
                var header = PictureRow(
                    number < ids.count ? PictureEntry(.header(".subprog \(ids[number])"), .heading) : nil,
                    number < others.count ? PictureEntry(.header(".subprog \(others[number])"), .heading) : nil)
                if row.bracket == "│" || row.bracket == "└" { header.bracket = "│" }
                header.interest = 1
                all.append(header)
            }
            all.append(row)
        }
        return all
    }
}

extension MalformedEdit.Rule {
    /// True if the rule concerns one slot of a patch, not the edit as a whole.
    var isAboutSlot: Bool {
        switch self {
        case .brokenWideLoad, .refSlot, .refWithoutJump, .refTwice, .refCall, .targetOutside, .targetSecondSlot,
            .callWithoutRef:
            true
        default: false
        }
    }
}
