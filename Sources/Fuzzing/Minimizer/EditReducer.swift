import BPF
import Patching

/// Does without edits, also by making one of two, and without refs, flags, and slots at either end of a removed range.
struct EditReducer: Reducer {
    func minimize(_ minimization: Minimization) {
        for pass in minimization.best.passes.indices.reversed() where pass < minimization.best.passes.count {
            minimization.reduceChunks(
                of: { minimization.best.passes[pass].edits.count },
                without: { range in
                    minimization.attempt { $0.passes[pass].edits.removeSubrange(range) }
                })
            dropPairs(minimization, pass)
            merge(minimization, pass)
            join(minimization, pass)
            for edit in minimization.best.passes[pass].edits.indices {
                simplify(minimization, pass, edit)
            }
        }
    }

    /// Does without two edits that make up for each other.
    private func dropPairs(_ minimization: Minimization, _ pass: Int) {
        var count: Int { minimization.best.passes[pass].edits.count }
        if count > 12 { return }
        for one in (0..<count).reversed() {
            for other in (0..<one).reversed() where one < count {
                _ = minimization.attempt { c in
                    c.passes[pass].edits.remove(at: one)
                    c.passes[pass].edits.remove(at: other)
                }
            }
        }
    }

    /// Makes one edit of two that stand side by side.
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

    /// Lets one edit grow by what another does, where only the sum counts, as at the 16-bit limit.
    private func join(_ minimization: Minimization, _ pass: Int) {
        var edits: [Edit] { minimization.best.passes[pass].edits }
        for number in edits.indices.reversed() where number < edits.count {
            let growth = edits[number].patch.count - Int(edits[number].remove)
            if growth <= 0 { continue }
            for other in edits.indices.reversed() where other != number && !edits[other].patch.isEmpty {
                let isTaken = minimization.attempt { c in
                    let filler = Instruction(code: Opcode.movImmediate64)
                    c.passes[pass].edits[other].patch += Array(repeating: filler, count: growth)
                    c.passes[pass].edits.remove(at: number)
                }
                if isTaken { break }
            }
        }
    }

    private func simplify(_ minimization: Minimization, _ pass: Int, _ number: Int) {
        func attempt(_ change: (inout Edit) -> Void) -> Bool {
            minimization.attempt { change(&$0.passes[pass].edits[number]) }
        }
        var edit: Edit { minimization.best.passes[pass].edits[number] }
        _ = attempt { $0.skip = false }
        _ = attempt { $0.keep = nil }
        minimization.reduceChunks(
            of: { edit.refs.count },
            without: { range in attempt { $0.refs.removeSubrange(range) } })
        // A range gets shorter from the far end, then from the near one.
        var step = edit.remove / 2
        while step > 0 {
            while edit.remove > step && attempt({ $0.remove -= step }) {}
            while edit.remove > step
                && attempt({
                    $0.remove -= step
                    $0.off = InputIndex(rawValue: $0.off.rawValue + step)
                })
            {}
            step /= 2
        }
        _ = attempt { $0.remove = 0 }
    }
}
