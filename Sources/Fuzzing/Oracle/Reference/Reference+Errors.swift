import BPF
import Patching

// MARK: Errors

extension Reference {
    /// The reason for which a pass is refused: the first case that applies.
    package enum Refusal: Hashable, Sendable {
        /// `EINVAL`, malformed, with the reason in words.
        case malformed(String)
        /// `EINVAL`: a landing by rules 1 and 5, or leaving an append, of the jump in this slot of the incomplete
        /// result.
        case dangling(slot: Int)
        /// `EINVAL`: an empty result, or one without a subprogram.
        case empty
        /// `ERANGE`: nothing of the above, and the 16-bit offset of this slot does not fit in the final layout.
        case overflow(slot: Int)

        package var status: PatchStatus { if case .overflow = self { .erange } else { .einval } }
    }

    /// Returns true if some prefix of the edits has this error, which counts for stepwise patchers alone.
    ///
    /// - Complexity: O(edits) times a pass
    package static func hasPrefix(of pass: Pass, on program: Program, withError status: PatchStatus) -> Bool {
        pass.edits.indices.contains { end in
            let prefix = Pass(edits: Array(pass.edits[..<end]))
            guard case .error(let refusal) = result(of: prefix, on: program) else { return false }
            return refusal.status == status
        }
    }
}

// MARK: Errors, first row: a malformed pass

extension Reference {
    /// The reason for which the pass is malformed, in words, or `nil`.
    var malformed: String? {
        var last = (off: -1, end: 0)
        for (number, edit) in edits.enumerated() {
            let off = edit.off.position
            let reason =
                if off > count || edit.end > count {
                    "a range outside the program"
                } else if off < last.end || off == last.off {
                    "out of order, overlapping or with one `off`"
                } else {
                    malformed(edit) ?? malformedLoad(in: edit) ?? malformedRef(of: edit) ?? malformedJump(in: edit)
                        ?? cutSubprogram(in: edit)
                }
            if let reason { return "edit \(number): \(reason)" }
            last = (off, edit.end)
        }
        return nil
    }

    private func malformed(_ edit: Edit) -> String? {
        let off = edit.off.position
        if isSecond(off) || isSecond(edit.end) { return "starts or ends between the slots of a wide load" }
        if edit.skip && edit.remove > 0 { return "`skip` on a non-insertion" }
        if edit.remove == 0 && edit.patch.isEmpty { return "neither removes nor adds anything" }
        if edit.keep == nil { return nil }
        let width = off == count ? 0 : program.insns[off].code == 0x18 ? 2 : 1
        if edit.remove == 0 || Int(edit.remove) != width { return "`keep` with another `remove` than the width" }
        return edit.kept.upperBound > edit.patch.count ? "`keep` outside the patch" : nil
    }

    private func malformedLoad(in edit: Edit) -> String? {
        for (slot, insn) in edit.patch.enumerated() where insn.code == 0x18 && !edit.kept.contains(slot) {
            let next = slot + 1
            if next == edit.patch.count || edit.patch[next].code != 0 || edit.kept.contains(next) {
                return "a wide load in the patch that is not whole"
            }
        }
        return nil
    }

    /// Returns true for the second slot of a wide load of a patch, a kept one too.
    private func isSecond(_ slot: Int, in edit: Edit) -> Bool {
        if edit.kept.contains(slot) { return slot > edit.kept.lowerBound }
        return slot > 0 && slot < edit.patch.count && !edit.kept.contains(slot - 1) && edit.patch[slot - 1].code == 0x18
    }

    private func malformedRef(of edit: Edit) -> String? {
        for (number, ref) in edit.refs.enumerated() {
            let from = ref.from.position
            if from >= edit.patch.count { return "a ref from outside the patch" }
            if edit.kept.contains(from) || isSecond(from, in: edit) { return "a ref from a kept or second slot" }
            guard let field = edit.patch[from].offsetField else { return "a ref from no jump or call" }
            if edit.refs[..<number].contains(where: { $0.from == ref.from }) { return "two refs from one instruction" }
            if field == .callee && !program.subprograms.contains(where: { $0.start == ref.to.rawValue }) {
                return "a call's ref to no subprogram start"
            }
        }
        return nil
    }

    private func malformedJump(in edit: Edit) -> String? {
        for (slot, insn) in edit.patch.enumerated() where !edit.kept.contains(slot) {
            let hasRef = edit.refs.contains { $0.from.position == slot }
            guard let field = insn.offsetField, !hasRef else { continue }
            let target = slot + 1 + insn.offset
            let isOutside = target < 0 || target > edit.patch.count
            if field != .callee && (isOutside || isSecond(target, in: edit)) {
                return "a patch-relative target out of range or on a second slot"
            }
            if field == .callee { return "a call in the patch without a ref" }
        }
        return nil
    }

    private func cutSubprogram(in edit: Edit) -> String? {
        let isCut = program.subprograms.contains { edit.off.position < Int($0.start) && Int($0.start) < edit.end }
        return isCut && !edit.patch.isEmpty ? "a subprogram start inside the replaced range, past its first slot" : nil
    }
}
