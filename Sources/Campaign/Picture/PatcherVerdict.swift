import BPF
import Fuzzing
import Patching

/// A patcher's wrong result for a case.
struct PatcherVerdict {
    var finding: Finding
    /// Its result for the pass of the finding; `nil` if it refused the pass.
    var actual: Program?

    /// The outcome of a case for one patcher.
    enum Outcome {
        case wrong(PatcherVerdict)
        case right
        /// The patcher ran no pass of the case, for this reason.
        case notRun(String)
    }

    /// Runs a patcher on a case and compares its results with the oracle's.
    ///
    /// A patcher with a finding runs a second time, to get the wrong result.
    ///
    /// - Parameter beyondContract: true if a patcher built from kernel functions also runs passes outside the kernel's
    ///   contract
    static func outcome(
        of patcher: any Patcher, on c: Case, _ history: CaseHistory, beyondContract: Bool, _ oracle: Oracle
    ) throws(ProgramFault) -> Outcome {
        var runner = CaseRunner([patcher], beyondContract: beyondContract, oracle: oracle)
        if let first = try runner.run(c).findings.first {
            return .wrong(PatcherVerdict(first, of: patcher, on: c, history))
        }
        return runner.reasonsNotGiven([patcher.name])[patcher.name].map { .notRun($0) } ?? .right
    }

    private init(_ first: Finding, of patcher: any Patcher, on c: Case, _ history: CaseHistory) {
        finding = first
        guard first.target == patcher.name, history.steps.indices.contains(first.pass) else { return }
        let input = ProgramBuffer()
        let output = ProgramBuffer()
        let pass = PassBuffer()
        var status = PatchStatus.accepted
        if let script = patcher as? any ScriptPatcher {
            input.load(c.program)
            script.begin(input.image())
            for edits in c.passes[...first.pass] where status == .accepted {
                pass.load(edits)
                status = script.apply(pass.image)
            }
            if status == .accepted { status = script.finish(into: output) }
        } else {
            input.load(history.steps[first.pass].input)
            pass.load(history.steps[first.pass].pass)
            status = patcher.apply(pass.image, to: input.image(), into: output)
        }
        if status == .accepted, let expected = history.steps[first.pass].result {
            // Parts of the result that the patcher does not maintain are not compared.
            input.load(expected)
            output.complete(patcher.capabilities, from: input.image())
        }
        if status == .accepted { actual = Program(output.image(as: OutputIndex.self)) }
    }
}
