import BPF
import Patching

extension Expectation {
    /// What is wrong with a result, first rule first; `nil` when it is what was expected.
    ///
    /// For results that no patcher gave, such as those of a kernel that is running.
    ///
    /// - Parameters:
    ///   - pass: the pass that was computed last, and `input` what it was computed on
    ///   - target: whose result it is
    /// - Complexity: O(slots + subprograms + lines) when nothing is wrong
    package func fault(
        in found: ProgramImage<OutputIndex>, of pass: PassImage, on input: ProgramImage<InputIndex>, target: String,
        passNumber: Int
    ) -> Finding? {
        if status == .accepted && found.isIdentical(to: program.image(as: OutputIndex.self)) { return nil }
        let diagnosis = Diagnosis(
            target: target, passNumber: passNumber,
            words: CaseWords(pass: pass, input: input, fields: fields), expectation: self)
        return status == .accepted ? diagnosis.wrongResult(found) : diagnosis.wrongStatus(.accepted)
    }

    /// Where each slot of the input stands in the expected result, negative where it is removed; valid after an accepted
    /// pass.
    package var places: UnsafeTypedBuffer<InputIndex, Int32> { landings.places }
}
