import Patching

/// Removes passes: all except the failing one, then passes at the end, at the start and in between.
struct PassReducer: Reducer {
    let name = "passes"

    func minimize(_ minimization: Minimization) {
        var count: Int { minimization.best.passes.count }
        if count < 2 { return }
        if let pass = minimization.bestFinding?.pass, pass < count, start(minimization, at: pass, only: true) { return }
        // Passes after the failing one, then passes before it.
        for kept in 1..<count {
            if minimization.attempt({ $0.passes.removeLast($0.passes.count - kept) }) { break }
        }
        for pass in stride(from: count - 1, to: 0, by: -1) where start(minimization, at: pass, only: false) { break }
        if count < 2 { return }
        _ = minimization.attemptInParts(Array(0..<count)[...]) { part in
            minimization.attempt { $0.passes.removeSubrange(part[part.startIndex]...part[part.endIndex - 1]) }
        }
    }

    /// Tries to remove all passes before one, whose input becomes the program.
    private func start(_ minimization: Minimization, at pass: Int, only: Bool) -> Bool {
        guard let program = pass == 0 ? minimization.best.program : minimization.input(ofPass: pass) else {
            return false
        }
        return minimization.attempt { c in
            c.program = program
            c.passes.removeFirst(pass)
            if only { c.passes.removeLast(c.passes.count - 1) }
        }
    }
}
