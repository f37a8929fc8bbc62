import BPF

/// Does without line records and subprograms.
struct TableReducer: Reducer {
    func minimize(_ minimization: Minimization) {
        minimization.reduceChunks(
            of: { minimization.best.program.lines.count },
            without: { range in
                minimization.attempt { $0.program.lines.removeSubrange(range) }
            })
        minimization.reduceChunks(
            of: { minimization.best.program.subprograms.count - 1 },
            without: { range in
                minimization.attempt {
                    $0.program.subprograms.removeSubrange((range.lowerBound + 1)..<(range.upperBound + 1))
                }
            })
    }
}
