import BPF
import Fuzzing
import Patching

/// A large program with patches at equal distances, and memory for results.
package final class DenseInput {
    /// What it is made from.
    package let workload: DensePatches
    private let program = ProgramBuffer()
    private let pass = PassBuffer()
    private let output = ProgramBuffer()
    private var expectation = Expectation()
    private let copy = ProgramBuffer()

    /// Makes the program and the pass, and works out by the rules what every design must give.
    package init(_ workload: DensePatches) {
        self.workload = workload
        workload.make(program, pass)
        expectation.compute(pass.image, on: program.image())
        precondition(expectation.status == .accepted, "the dense pass is refused")
    }

    /// Carries the pass out.
    @inline(never)
    package func run(_ patcher: any Patcher) {
        let status = patcher.apply(pass.image, to: program.image(), into: output)
        precondition(status == .accepted, "\(patcher.name) refuses the dense pass")
    }

    /// Copies the result: instructions, aux words, one subprogram.
    @inline(never)
    package func runCopy() { copy.load(expectation.program.image(as: OutputIndex.self)) }

    /// Whether a patcher gives the expected result, to the byte.
    package func isRight(_ patcher: any Patcher) -> Bool {
        run(patcher)
        return output.image(as: OutputIndex.self).isIdentical(to: expectation.program.image(as: OutputIndex.self))
    }
}
