import BPF
import Fuzzing
import Patching

/// Carries out scripts with one patcher, each pass laid out before the next.
public struct Applier: ~Copyable {
    private let patcher: any Patcher
    private var rules = CaseRunner([])
    private var current = ProgramBuffer()
    private var next = ProgramBuffer()
    private let pass = PassBuffer()
    /// How many passes were not given to a stepwise patcher, so that the answer is that of the rules.
    public private(set) var spared = 0

    /// Makes an applier.
    public init(_ patcher: any Patcher) { self.patcher = patcher }

    /// The answer for one script: the result of the last pass, or the error of the first that fails.
    public mutating func apply(_ c: Case) -> AnswerLine.Answer {
        if let fault = c.program.fault() { return .malformed(fault.description) }
        current.load(c.program)
        for edits in c.passes {
            pass.load(edits)
            let status = apply()
            if status != .accepted { return .error(status) }
            swap(&current, &next)
        }
        return .program(Program(current.image(as: OutputIndex.self)))
    }

    private mutating func apply() -> PatchStatus {
        let input: ProgramImage<InputIndex> = current.image()
        if PassCheck.fault(in: pass.image, on: input) != nil { return .einval }
        if patcher.isStepwise {
            // The kernel's functions look for no dangling landing, so a stepwise patcher is not asked for one.
            let alone = Case(program: Program(input), passes: [Pass(pass.image)])
            if (try? rules.run(alone))?.status == .einval {
                spared += 1
                return .einval
            }
        }
        return patcher.apply(pass.image, to: input, into: next)
    }
}
