import Patching

/// Does without passes: the last ones, the first ones with the program that they gave, and any in between.
struct PassReducer: Reducer {
    func minimize(_ minimization: Minimization) {
        // What comes behind the failing pass, then what comes before it.
        for count in 1..<max(minimization.best.passes.count, 1) {
            if minimization.attempt({ $0.passes.removeLast($0.passes.count - count) }) { break }
        }
        for number in stride(from: minimization.best.passes.count - 1, to: 0, by: -1) {
            guard let program = minimization.input(ofPass: number) else { continue }
            let isTaken = minimization.attempt { c in
                c.program = program
                c.passes.removeFirst(number)
            }
            if isTaken { break }
        }
        minimization.reduceChunks(
            of: { minimization.best.passes.count },
            without: { range in
                minimization.attempt { $0.passes.removeSubrange(range) }
            })
    }
}
