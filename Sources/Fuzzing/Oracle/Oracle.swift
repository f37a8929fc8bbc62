import BPF
import Patching

/// The oracle that judges results.
package enum Oracle: String, CaseIterable, Codable, Sendable {
    /// ``Expectation``, written for speed.
    case fast
    /// ``Reference``, written to be read. It decides: if the fast one differs, that is a finding against the oracle.
    case reference
}

extension Case.Expectation {
    /// The result of the reference, in the form of case files.
    package init(_ result: Reference.Result) {
        switch result {
        case .program(let program):
            self = .result(
                insns: program.insns, aux: program.aux, subprograms: program.subprograms, lines: program.lines)
        case .error(let refusal): self = .error(refusal.status)
        }
    }
}

extension Expectation {
    /// Computes the expected result of a pass by the chosen oracle.
    package mutating func compute(_ pass: PassImage, on input: ProgramImage<InputIndex>, by oracle: Oracle) {
        compute(pass, on: input)
        if oracle == .reference { replace(by: Reference.result(of: Pass(pass), on: Program(input))) }
    }

    /// Replaces the computed result by that of the reference for the same pass.
    ///
    /// The passes that a patcher skips still depend on the computed targets.
    mutating func replace(by result: Reference.Result) {
        refusal = nil
        refusalPlace = nil
        switch result {
        case .program(let result):
            status = .accepted
            program.load(result)
        case .error(let error):
            status = error.status
            switch error {
            case .malformed: refusal = .malformed
            case .empty: refusal = .empty
            case .dangling(let slot):
                refusal = .dangling
                refusalPlace = OutputIndex(slot)
            case .overflow(let slot):
                refusal = .overflow
                refusalPlace = OutputIndex(slot)
            }
        }
    }
}
