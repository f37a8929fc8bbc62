import BPF
import Patching

/// Removes instructions of the program; jumps to them reach the next one.
struct SlotReducer: Reducer {
    let name = "slots"

    func minimize(_ minimization: Minimization) {
        SlotRow.minimize(minimization, row: { minimization.best.row }, remove: { remove($0, minimization) })
        removeRuns(minimization)
    }

    /// Removes adjacent slots that cannot be removed one by one.
    private func removeRuns(_ minimization: Minimization) {
        var count: Int { minimization.best.program.insns.count }
        if !minimization.canAfford(count * (count - 1) / 2) { return }
        for length in stride(from: count - 1, to: 1, by: -1) {
            for start in stride(from: count - length, through: 0, by: -1) where start + length <= count {
                _ = remove(start..<start + length, minimization)
            }
        }
    }

    private func remove(_ range: Range<Int>, _ minimization: Minimization) -> Bool {
        let insns = minimization.best.program.insns
        func isSecond(_ slot: Int) -> Bool { slot > 0 && slot < insns.count && insns[slot - 1].isWide }
        let whole = range.lowerBound - (isSecond(range.lowerBound) ? 1 : 0)..<range.upperBound
        if whole.count >= insns.count { return false }
        let remover = SlotRemover(minimization.best.program, removing: whole.contains)
        // Later passes index their own input, so the removed slots may be before or after their edits.
        let isTaken = minimization.attempt { c in
            remover.apply(to: &c)
            c.shiftLaterPasses(without: whole)
        }
        return isTaken || (minimization.best.passes.count > 1 && minimization.attempt { remover.apply(to: &$0) })
    }
}

extension Case {
    /// The slots of the program, with borders at those that jumps, edits and tables name.
    fileprivate var row: SlotRow {
        var borders: [Int] = []
        for (slot, insn) in program.insns.enumerated() {
            let kind = insn.jumpKind
            if kind != .none { borders += [slot, slot + insn.width, slot + 1 + insn.jumpOffset(kind)] }
        }
        for edit in passes.first?.edits ?? [] {
            borders += [edit.off.position, edit.off.position + Int(edit.remove)]
            borders += edit.refs.map(\.to.position)
        }
        borders += program.lines.map { Int($0.insnOff) }
        borders += program.subprograms.map { Int($0.start) }
        var row = SlotRow(program.insns, borders: borders)
        row.isUneven = true
        return row
    }
}
