import BPF
import Patching

/// The reference as the oracle.
extension PatcherComparison {
    /// Replaces the expected result by that of the reference. A difference is a finding against the fast oracle.
    mutating func judgeByReference(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        let (status, refusal) = (expectation.status, expectation.refusal)
        let fast = ProgramBuffer()
        if status == .accepted { fast.load(expectation.program.image(as: OutputIndex.self)) }
        expectation.replace(by: Reference.result(of: Pass(pass), on: Program(input)))
        let diagnosis = diagnosis(of: Finding.oracleTarget, pass, input)
        if expectation.refusal != refusal {
            findings.append(diagnosis.wrongStatus(status, refusal))
        } else if status == .accepted {
            let (mine, theirs) = (expectation.program.image(as: OutputIndex.self), fast.image(as: OutputIndex.self))
            if mine.isIdentical(to: theirs) { return }
            findings.append(diagnosis.wrongResult(theirs) ?? diagnosis.disagreement())
        }
    }

    /// Returns true if some prefix of the edits is `EINVAL`, so that stepwise patchers skip the pass.
    @inline(__always)
    func hasRefusedPrefix(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        if oracle == .reference {
            return Reference.hasPrefix(of: Pass(pass), on: Program(input), withError: .einval)
        }
        return StepwisePrefixes(pass: pass, input: input, expectation: expectation).hasRefused()
    }

    /// Returns true if an offset does not fit after some prefix of the edits.
    func hasOverflowingPrefix(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        if oracle == .reference {
            return Reference.hasPrefix(of: Pass(pass), on: Program(input), withError: .erange)
        }
        return StepwisePrefixes(pass: pass, input: input, expectation: expectation).overflows()
    }
}
