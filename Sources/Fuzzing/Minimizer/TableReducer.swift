import BPF

/// Removes line records and subprogram starts; the code of such a subprogram joins the one before.
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
