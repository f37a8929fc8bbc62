import BPF
import Patching

/// Does without instructions of patches; what is left of a patch keeps its jumps, refs and kept instruction.
struct PatchReducer: Reducer {
    /// How many slots of a patch must be needed before the rest is taken to be, in a program at the 16-bit limit.
    ///
    /// There it is the length of a patch that counts, and candidates are dear.
    private static let patience = 3

    func minimize(_ minimization: Minimization) {
        for pass in minimization.best.passes.indices {
            for edit in minimization.best.passes[pass].edits.indices {
                var needed = 0
                minimization.reduceChunks(
                    of: { minimization.best.passes[pass].edits[edit].patch.count },
                    without: { range in
                        if minimization.isLong && (range.count > 1 || needed >= PatchReducer.patience) { return false }
                        needed += 1
                        return minimization.attempt { c in
                            c.passes[pass].edits[edit] = c.passes[pass].edits[edit].removing(patchSlots: range)
                        }
                    })
            }
        }
    }
}

extension Edit {
    /// The same edit without some slots of its patch; a jump to one of these lands behind them.
    func removing(patchSlots range: Range<Int>) -> Edit {
        func moved(_ slot: Int) -> Int {
            slot >= range.upperBound ? slot - range.count : min(slot, range.lowerBound)
        }
        var copy = self
        let kept = keep.map { $0.position..<($0.position + Int(min(remove, 2))) } ?? 0..<0
        for (slot, insn) in patch.enumerated() where !range.contains(slot) && !kept.contains(slot) {
            let kind = insn.jumpKind
            if !kind.isJump || refs.contains(where: { $0.from.position == slot }) { continue }
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
