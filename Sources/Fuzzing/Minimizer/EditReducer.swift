import BPF
import Patching

/// Removes edits: many at once, then pairs whose effects cancel out, then one of two that can be merged.
struct EditReducer: Reducer {
    let name = "edits"

    func minimize(_ minimization: Minimization) {
        for pass in minimization.best.passes.indices.reversed() where pass < minimization.best.passes.count {
            _ = minimization.attemptInParts(Array(minimization.best.passes[pass].edits.indices)[...]) { part in
                minimization.attempt {
                    $0.passes[pass].edits.removeSubrange(part[part.startIndex]...part[part.endIndex - 1])
                }
            }
            dropPairs(minimization, pass)
            merge(minimization, pass)
            join(minimization, pass)
        }
    }

    /// Removes pairs of edits whose effects cancel out.
    private func dropPairs(_ minimization: Minimization, _ pass: Int) {
        var count: Int { minimization.best.passes[pass].edits.count }
        if count < 3 || !minimization.canAfford(count * (count - 1) / 2) { return }
        for one in (0..<count).reversed() {
            for other in (0..<one).reversed() where one < count {
                _ = minimization.attempt { c in
                    c.passes[pass].edits.remove(at: one)
                    c.passes[pass].edits.remove(at: other)
                }
            }
        }
    }

    /// Merges two adjacent edits.
    private func merge(_ minimization: Minimization, _ pass: Int) {
        var edits: [Edit] { minimization.best.passes[pass].edits }
        for number in edits.indices.dropFirst().reversed() where number < edits.count {
            let (one, other) = (edits[number - 1], edits[number])
            if one.off.position + Int(one.remove) != other.off.position { continue }
            let shift = one.patch.count
            let merged = Edit(
                off: one.off, remove: one.remove + other.remove, patch: one.patch + other.patch,
                refs: one.refs + other.refs.map { Ref(from: $0.from + shift, to: $0.to) })
            _ = minimization.attempt { $0.passes[pass].edits.replaceSubrange(number - 1...number, with: [merged]) }
        }
    }

    /// Moves the growth of other edits to one edit: at the 16-bit limit, only the sum matters.
    private func join(_ minimization: Minimization, _ pass: Int) {
        func grows(_ edit: Edit) -> Bool { edit.patch.count > Int(edit.remove) }
        let all = minimization.best.passes[pass].edits
        let growing = all.indices.filter { grows(all[$0]) }
        _ = minimization.attemptInParts(growing[...]) { part in
            let edits = minimization.best.passes[pass].edits
            let growth = part.reduce(0) { $0 + edits[$1].patch.count - Int(edits[$1].remove) }
            for other in edits.indices.reversed() where !part.contains(other) && !edits[other].patch.isEmpty {
                let isTaken = minimization.attempt { c in
                    let filler = Instruction(code: Opcode.movImmediate64)
                    c.passes[pass].edits[other].patch += Array(repeating: filler, count: growth)
                    for number in part.reversed() { c.passes[pass].edits.remove(at: number) }
                }
                if isTaken { return true }
                if !minimization.canAfford(edits.count * edits.count) { return false }
            }
            return false
        }
    }
}
