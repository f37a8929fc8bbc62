import BPF
import Patching

extension Expectation {
    /// The first rule that a result breaks; `nil` if it equals the expected one.
    ///
    /// For results that come from no patcher, such as those of a running kernel.
    ///
    /// - Parameters:
    ///   - pass: the pass of the last ``compute(_:on:)``, and `input` its input
    ///   - target: the target of the finding
    /// - Complexity: O(slots + subprograms + lines) for a correct result
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

    /// The place of each input slot in the expected result, negative if it is removed; valid after an accepted pass.
    package var places: UnsafeTypedBuffer<InputIndex, Int32> { targets.places }
}
