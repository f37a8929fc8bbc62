import Patching

/// Does without passes: the last ones, the first ones with the program that they gave, and any in between.
struct PassReducer: Reducer {
    func reduce(_ reduction: Reduction) {
        // What comes behind the failing pass, then what comes before it.
        for count in 1..<max(reduction.best.passes.count, 1) {
            if reduction.attempt({ $0.passes.removeLast($0.passes.count - count) }) { break }
        }
        for number in stride(from: reduction.best.passes.count - 1, to: 0, by: -1) {
            guard let program = reduction.input(ofPass: number) else { continue }
            let isTaken = reduction.attempt { c in
                c.program = program
                c.passes.removeFirst(number)
            }
            if isTaken { break }
        }
        reduction.reduceChunks(
            of: { reduction.best.passes.count },
            without: { range in
                reduction.attempt { $0.passes.removeSubrange(range) }
            })
    }
}
