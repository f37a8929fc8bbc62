import BPF
import Fuzzing
import Patching

/// Runs scripts with one patcher; each pass gets the result of the one before.
package struct ScriptRunner: ~Copyable {
    private let patcher: any Patcher
    private var filter = CapabilityFilter()
    private var current = ProgramBuffer()
    private var next = ProgramBuffer()
    private let pass = PassBuffer()
    /// The number of passes that the patcher does not support; the result of the rules replaces its own.
    package private(set) var skipped = 0
    /// The missing capabilities.
    package private(set) var missing: PatcherCapabilities = []

    /// Makes a runner.
    package init(_ patcher: any Patcher) { self.patcher = patcher }

    /// The answer to one script: the result of the last pass, or the error of the first that fails.
    ///
    /// - Throws: ``CampaignError`` if the answer of the patcher cannot be used
    package mutating func apply(_ c: Case) throws(CampaignError) -> AnswerLine.Answer {
        if let fault = c.program.fault() { return .malformed(fault.description) }
        current.load(c.program)
        for edits in c.passes {
            pass.load(edits)
            let status = apply()
            if status == .unusable {
                let detail = (patcher as? any ForeignPatcher)?.violation?.detail ?? "the answer cannot be used"
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
        let missing = filter.missing(from: patcher.capabilities, for: pass.image, on: input)
        if !missing.isEmpty {
            skipped += 1
            self.missing.formUnion(missing)
            if filter.rules.status == .accepted { next.load(filter.rules.program.image(as: OutputIndex.self)) }
            return filter.rules.status
        }
        let status = patcher.apply(pass.image, to: input, into: next)
        if status == .accepted && filter.rules.status == .accepted {
            next.complete(patcher.capabilities, from: filter.rules.program.image())
        }
        return status
    }
}
