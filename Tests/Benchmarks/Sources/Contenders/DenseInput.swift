import BPF
import Fuzzing
import Patching

/// A large program with patches at equal distances, and memory for results.
package final class DenseInput {
    /// The parameters of the program and its pass.
    package let workload: DensePatches
    private let program = ProgramBuffer()
    private let pass = PassBuffer()
    private let output = ProgramBuffer()
    private var expectation = Expectation()
    private let copy = ProgramBuffer()

    /// Makes the program, the pass, and the expected result by the rules.
    package init(_ workload: DensePatches) {
        self.workload = workload
        workload.make(program, pass)
        expectation.compute(pass.image, on: program.image())
        precondition(expectation.status == .accepted, "the dense pass is refused")
    }

    /// Applies the pass.
    @inline(never)
    package func run(_ patcher: any Patcher) {
        let status = patcher.apply(pass.image, to: program.image(), into: output)
        precondition(status == .accepted, "\(patcher.name) refuses the dense pass")
    }

    /// Copies the result: instructions, aux words, one subprogram.
    @inline(never)
    package func runCopy() { copy.load(expectation.program.image(as: OutputIndex.self)) }

    /// Returns true if a patcher has the expected result, to the byte.
    package func isRight(_ patcher: any Patcher) -> Bool {
        run(patcher)
        return output.image(as: OutputIndex.self).isIdentical(to: expectation.program.image(as: OutputIndex.self))
    }
}
