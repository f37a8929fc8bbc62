import BPF
import Fuzzing
import Patching

/// Carries out scripts with one patcher, each pass laid out before the next.
package struct ScriptRunner: ~Copyable {
    private let patcher: any Patcher
    private var gate = CapabilityFilter()
    private var current = ProgramBuffer()
    private var next = ProgramBuffer()
    private let pass = PassBuffer()
    /// How many passes were not given to the patcher, because it cannot do what they demand; what the rules give stands for
    /// its answer.
    package private(set) var spared = 0
    /// What it could not do.
    package private(set) var missing: PatcherCapabilities = []

    /// Makes an applier.
    package init(_ patcher: any Patcher) { self.patcher = patcher }

    /// The answer for one script: the result of the last pass, or the error of the first that fails.
    ///
    /// - Throws: ``CampaignError`` when the patcher gives no answer that can be used
    package mutating func apply(_ c: Case) throws(CampaignError) -> AnswerLine.Answer {
        if let fault = c.program.fault() { return .malformed(fault.description) }
        current.load(c.program)
        for edits in c.passes {
            pass.load(edits)
            let status = apply()
            if status == .unusable {
                let detail = (patcher as? any ForeignPatcher)?.misconduct?.detail ?? "the answer cannot be used"
                throw CampaignError("\(c.name): \(patcher.name): \(detail)")
            }
            if status != .accepted { return .error(status) }
            swap(&current, &next)
        }
        return .program(Program(current.image(as: OutputIndex.self)))
    }

    private mutating func apply() -> PatchStatus {
        let input: ProgramImage<InputIndex> = current.image()
        if PassCheck.fault(in: pass.image, on: input) != nil { return .einval }
        let missing = gate.missing(from: patcher.capabilities, for: pass.image, on: input)
        if !missing.isEmpty {
            spared += 1
            self.missing.formUnion(missing)
            if gate.rules.status == .accepted { next.load(gate.rules.program.image(as: OutputIndex.self)) }
            return gate.rules.status
        }
        let status = patcher.apply(pass.image, to: input, into: next)
        if status == .accepted && gate.rules.status == .accepted {
            next.complete(patcher.capabilities, from: gate.rules.program.image())
        }
        return status
    }
}
