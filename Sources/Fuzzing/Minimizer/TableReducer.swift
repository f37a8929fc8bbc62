import BPF

/// Does without line records and subprograms; what a subprogram holds stays and becomes part of the one before.
struct TableReducer: Reducer {
    let name = "tables"

    func minimize(_ minimization: Minimization) {
        _ = minimization.attemptInParts(Array(minimization.best.program.lines.indices)[...]) { part in
            minimization.attempt { $0.program.lines.removeSubrange(part[part.startIndex]...part[part.endIndex - 1]) }
        }
        _ = minimization.attemptInParts(Array(minimization.best.program.subprograms.indices.dropFirst())[...]) { part in
            minimization.attempt {
                $0.program.subprograms.removeSubrange(part[part.startIndex]...part[part.endIndex - 1])
            }
        }
    }
}
