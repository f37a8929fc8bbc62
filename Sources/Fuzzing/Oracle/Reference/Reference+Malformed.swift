import BPF
import Patching

// MARK: Errors, first row: a malformed pass

extension Reference {
    /// What is malformed in the pass, in words, or `nil`.
    var malformed: String? {
        var last = (off: -1, end: 0)
        for (number, edit) in edits.enumerated() {
            let off = edit.off.position
            let reason =
                if off > count || edit.end > count {
                    "its range is outside the program"
                } else if off <= last.off || off < last.end {
                    "it is out of order, overlaps, or has the start of another"
                } else { malformed(edit) ?? malformedPatch(of: edit) ?? malformedRef(of: edit) }
            if let reason { return "edit \(number): \(reason)" }
            last = (off, edit.end)
        }
        return nil
    }

    private func malformed(_ edit: Edit) -> String? {
        let off = edit.off.position
        if isSecond(off) || isSecond(edit.end) { return "it starts or ends between the slots of a wide load" }
        if edit.skip && edit.remove > 0 { return "skip, and no insertion" }
        if edit.remove == 0 && edit.patch.isEmpty { return "it neither removes nor adds anything" }
        if edit.keep != nil {
            let width = off == count ? 0 : program.insns[off].code == 0x18 ? 2 : 1
            if edit.remove == 0 || Int(edit.remove) != width {
                return "keep, and another length than the instruction's"
            }
            if edit.kept.upperBound > edit.patch.count { return "keep outside the patch" }
        }
        let isCut = program.subprograms.contains { off < Int($0.start) && Int($0.start) < edit.end }
        return isCut && !edit.patch.isEmpty ? "a subprogram starts inside the replaced range" : nil
    }

    /// The second slots of the wide loads of a patch, kept ones too; `nil` if one is not whole.
    private func seconds(of edit: Edit) -> Set<Int>? {
        var seconds: Set<Int> = []
        for slot in edit.patch.indices {
            if edit.kept.contains(slot) {
                if slot > edit.kept.lowerBound { seconds.insert(slot) }
            } else if edit.patch[slot].code == 0x18 {
                let next = slot + 1
                if next == edit.patch.count || edit.patch[next].code != 0 || edit.kept.contains(next) { return nil }
                seconds.insert(next)
            }
        }
        return seconds
    }

    private func malformedPatch(of edit: Edit) -> String? {
        guard let seconds = seconds(of: edit) else { return "a wide load of the patch is not whole" }
        for (slot, insn) in edit.patch.enumerated() where !edit.kept.contains(slot) {
            guard let place = insn.offsetPlace, !edit.refs.contains(where: { $0.from.position == slot }) else {
                continue
            }
            if place == .callee { return "a call in the patch without a ref" }
            let target = slot + 1 + insn.offset
            if target < 0 || target > edit.patch.count { return "a jump out of the patch" }
            if seconds.contains(target) { return "a jump to the second slot of a wide load of the patch" }
        }
        return nil
    }

    private func malformedRef(of edit: Edit) -> String? {
        let seconds = seconds(of: edit) ?? []
        for (number, ref) in edit.refs.enumerated() {
            let from = ref.from.position
            if from >= edit.patch.count { return "a ref from outside the patch" }
            if edit.kept.contains(from) || seconds.contains(from) { return "a ref from a kept or second slot" }
            guard let place = edit.patch[from].offsetPlace else { return "a ref from no jump or call" }
            if edit.refs[..<number].contains(where: { $0.from == ref.from }) { return "two refs from one instruction" }
            if place == .callee && !program.subprograms.contains(where: { $0.start == ref.to.rawValue }) {
                return "a call's ref to no start of a subprogram"
            }
        }
        return nil
    }
}
