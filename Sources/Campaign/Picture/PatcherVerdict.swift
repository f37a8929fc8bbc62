import BPF
import Fuzzing
import Patching

/// What a patcher made of a case, when that is wrong.
struct PatcherVerdict {
    var finding: Finding
    /// What it gave for the pass of the finding; `nil` when it refused the pass.
    var actual: Program?

    /// What becomes of a patcher that is asked about a case.
    enum Outcome {
        case wrong(PatcherVerdict)
        case right
        /// It was given no pass of the case, for this reason.
        case notGiven(String)
    }

    /// Asks a patcher.
    ///
    /// The oracle judges; the patcher is then run once more for its result.
    ///
    /// - Parameters:
    ///   - beyondContract: whether one made of the kernel's functions is given what these do not assume
    ///   - oracle: the oracle that judges
    static func outcome(
        of patcher: any Patcher, on c: Case, _ history: CaseHistory, beyondContract: Bool, _ oracle: Oracle
    ) throws(ProgramFault) -> Outcome {
        var runner = CaseRunner([patcher], beyondContract: beyondContract, oracle: oracle)
        if let first = try runner.run(c).findings.first {
            return .wrong(PatcherVerdict(first, of: patcher, on: c, history))
        }
        return runner.reasonsNotGiven([patcher.name])[patcher.name].map { .notGiven($0) } ?? .right
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
            // What a patcher leaves out is not looked at.
            input.load(expected)
            output.complete(patcher.capabilities, from: input.image())
        }
        if status == .accepted { actual = Program(output.image(as: OutputIndex.self)) }
    }
}
