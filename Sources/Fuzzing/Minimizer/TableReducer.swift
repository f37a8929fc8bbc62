import BPF

/// Does without line records and subprograms.
struct TableReducer: Reducer {
    func reduce(_ reduction: Reduction) {
        reduction.reduceChunks(
            of: { reduction.best.program.lines.count },
            without: { range in
                reduction.attempt { $0.program.lines.removeSubrange(range) }
            })
        reduction.reduceChunks(
            of: { reduction.best.program.subprograms.count - 1 },
            without: { range in
                reduction.attempt {
                    $0.program.subprograms.removeSubrange((range.lowerBound + 1)..<(range.upperBound + 1))
                }
            })
    }
}
