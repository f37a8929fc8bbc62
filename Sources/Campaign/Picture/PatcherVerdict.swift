import BPF
import Fuzzing
import Patching

/// What a patcher made of a case, when that is wrong.
struct PatcherVerdict {
    var finding: Finding
    /// What it gave for the pass of the finding; `nil` when it refused the pass.
    var actual: Program?

    /// Asks a patcher; `nil` when nothing is wrong with it.
    ///
    /// The oracle judges; the patcher is then run once more for its result.
    init?(of patcher: any Patcher, on c: Case, _ history: CaseHistory) throws(ProgramFault) {
        var runner = CaseRunner([patcher])
        guard let first = try runner.run(c).findings.first else { return nil }
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
