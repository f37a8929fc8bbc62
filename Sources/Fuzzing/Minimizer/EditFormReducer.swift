import BPF
import Patching

/// Simplifies edits: removes flags and refs, and shortens removed ranges.
struct EditFormReducer: Reducer {
    let name = "edit forms"

    func minimize(_ minimization: Minimization) {
        for pass in minimization.best.passes.indices {
            for edit in minimization.best.passes[pass].edits.indices { minimize(minimization, pass, edit) }
        }
    }

    private func minimize(_ minimization: Minimization, _ pass: Int, _ number: Int) {
        func attempt(_ change: (inout Edit) -> Void) -> Bool {
            minimization.attempt { change(&$0.passes[pass].edits[number]) }
        }
        var edit: Edit { minimization.best.passes[pass].edits[number] }
        _ = attempt { $0.skip = false }
        _ = attempt { $0.keep = nil }
        _ = minimization.attemptInParts(Array(edit.refs.indices)[...]) { part in
            attempt { $0.refs.removeSubrange(part[part.startIndex]...part[part.endIndex - 1]) }
        }
        // Shorten the range at its end, then at its start.
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
