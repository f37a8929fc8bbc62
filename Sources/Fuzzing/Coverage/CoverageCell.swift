/// One kind of situation that a campaign may test: an edit, a border of it, the jump or record at the border, and the check.
package struct CoverageCell: Hashable, Sendable {
    /// The kind of the edit; never ``EditKind/none``.
    package var edit: EditKind
    package var border: Border
    package var subject: Subject
    package var check: Check

    /// The place of the subject, relative to the edit.
    ///
    /// The places of a target are those of records and words, too. "Before" and "after" are the instructions next to the
    /// edit, where an error by one shows.
    package enum Border: String, CaseIterable, Sendable {
        /// The target is the instruction before the edit.
        case targetBefore = "target-before"
        /// The target is the first instruction of the range, or the place of an insertion.
        case targetFirst = "target-first"
        /// The target is inside the range.
        case targetInside = "target-inside"
        /// The target is the last instruction of a range of several.
        case targetLast = "target-last"
        /// The target is the instruction after the edit; for an insertion, the second one.
        case targetAfter = "target-after"
        case sourceBefore = "source-before"
        case sourceFirst = "source-first"
        case sourceInside = "source-inside"
        case sourceLast = "source-last"
        case sourceAfter = "source-after"
        /// The jump is kept by the patch.
        case sourceKept = "source-kept"
        /// The jump is an instruction of the patch.
        case sourcePatch = "source-patch"

        /// True for a border of a source.
        var isSource: Bool { rawValue.hasPrefix("source") }
    }

    /// The jump, call, record or word at the border.
    package enum Subject: String, CaseIterable, Sendable {
        case ja, gotol, cond, cond32
        case mayGoto = "may-goto"
        case call
        case pseudoFunction = "pseudo-func"
        case aux, line, subprogram

        /// True for a jump or call, which has a source.
        package var isJump: Bool { self != .aux && self != .line && self != .subprogram }
        /// True for a call or an address of a subprogram, whose target is the start of a subprogram.
        var isCall: Bool { self == .call || self == .pseudoFunction }
        /// True if the offset has 16 bits.
        var isShort: Bool { isJump && !isCall && self != .gotol }
    }

    /// The part of the result that is compared.
    package enum Check: String, CaseIterable, Sendable {
        /// The place that the jump reaches, or the place of the record or word.
        case place
        /// The jump is removed, and its target does not matter.
        case removed
        /// The pass is refused, since the jump has no target.
        case einval = "EINVAL"
        /// The pass is refused, since the offset does not fit.
        case erange = "ERANGE"
    }

    /// The kinds of edits.
    package static let edits: [EditKind] = [.patch, .replace, .keep, .insert, .insertSkip, .append, .delete]

    /// All cells, ordered by edit, subject, border and check.
    package static let all: [CoverageCell] = edits.flatMap { edit in
        Subject.allCases.flatMap { subject in
            Border.allCases.flatMap { border in
                Check.allCases.map { CoverageCell(edit: edit, border: border, subject: subject, check: $0) }
            }
        }
    }

    /// The name of the cell, as in `delete/target-inside/may-goto/EINVAL`.
    package var name: String { "\(edit.rawValue)/\(border.rawValue)/\(subject.rawValue)/\(check.rawValue)" }

    package init(edit: EditKind, border: Border, subject: Subject, check: Check) {
        (self.edit, self.border, self.subject, self.check) = (edit, border, subject, check)
    }
}
