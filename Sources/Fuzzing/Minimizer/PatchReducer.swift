import BPF
import Patching

/// Removes instructions of patches; the rest of a patch keeps its jumps, refs and kept instruction.
struct PatchReducer: Reducer {
    let name = "patches"

    func minimize(_ minimization: Minimization) {
        for pass in minimization.best.passes.indices {
            for edit in minimization.best.passes[pass].edits.indices {
                SlotRow.minimize(
                    minimization, row: { minimization.best.passes[pass].edits[edit].row },
                    remove: { range in
                        minimization.attempt { c in
                            c.passes[pass].edits[edit] = c.passes[pass].edits[edit].removing(patchSlots: range)
                        }
                    })
            }
        }
    }
}

extension Edit {
    /// The slots of the patch that hold the kept instruction.
    var keptSlots: Range<Int> {
        keep.map { ($0.position..<$0.position + Int(min(remove, 2))).clamped(to: 0..<patch.count) } ?? 0..<0
    }

    /// The slots of the patch, with borders at its jumps, their targets and the kept instruction.
    fileprivate var row: SlotRow {
        var borders = [keptSlots.lowerBound, keptSlots.upperBound]
        for (slot, insn) in patch.enumerated() where insn.jumpKind != .none {
            borders += [slot, slot + insn.width, slot + 1 + insn.jumpOffset(insn.jumpKind)]
        }
        for ref in refs { borders += [ref.from.position, ref.from.position + 1] }
        return SlotRow(patch, borders: borders)
    }

    /// The same edit without some slots of its patch; a jump to one of these reaches the next slot.
    func removing(patchSlots range: Range<Int>) -> Edit {
        func moved(_ slot: Int) -> Int {
            slot >= range.upperBound ? slot - range.count : min(slot, range.lowerBound)
        }
        var copy = self
        let kept = keptSlots
        let sources = Set(refs.map(\.from.position))
        for (slot, insn) in patch.enumerated() where !range.contains(slot) && !kept.contains(slot) {
            let kind = insn.jumpKind
            if !kind.isJump || sources.contains(slot) { continue }
            let target = slot + 1 + insn.jumpOffset(kind)
            if target < 0 || target > patch.count { continue }
            _ = copy.patch[slot].setJumpOffset(moved(target) - moved(slot) - 1, kind)
        }
        copy.patch.removeSubrange(range)
        copy.refs = refs.filter { !range.contains($0.from.position) }.map {
            Ref(from: PatchIndex(moved($0.from.position)), to: $0.to)
        }
        if let keep { copy.keep = range.contains(keep.position) ? nil : PatchIndex(moved(keep.position)) }
        return copy
    }
}
