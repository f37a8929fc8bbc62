import BPF
import Fuzzing
import KernelRewrites

/// Judges single cases by loading them into the running kernel, in a process that may be lost.
public final class KernelJudge {
    private let trial: KernelTrial
    private let facts: KernelFacts

    /// - Parameter progress: a word for the number of the target that is at work, plus 1
    /// - Throws: ``CampaignError`` when this process may not load programs
    public init(facts: KernelFacts, plant: KernelPlant?, progress: Row<Slot, UInt64>) throws(CampaignError) {
        trial = try KernelTrial(facts: facts, plant: plant, progress: progress)
        self.facts = facts
    }

    /// What is wrong with a case; nothing when the kernel refuses it for a reason of its own.
    public func judge(_ c: Case) -> Judgement {
        // What is no program is not left to the kernel.
        guard let program = c.loadable, program.program.fault() == nil else { return Judgement(findings: []) }
        var completed = c
        completed.program = program.program
        completed.loading?.note(facts)
        completed.loading?.must = nil
        completed.loading?.given = nil
        switch trial.run(program, live: nil) {
        case .refused(let refusal):
            guard let bug = VerifierBug(refusal) else {
                return Judgement(findings: [], remark: "refused: \(refusal.text)")
            }
            completed.loading?.sight = .refusal(bug.text)
            return Judgement(findings: [bug.finding], completed: CaseFile.print(completed))
        case .checked(let report):
            let findings = report.allFindings
            // Of several, the one is shown that the case is about.
            guard let number = findings.firstIndex(where: { $0.bucket == c.bucket }) ?? findings.indices.first else {
                return Judgement(findings: [])
            }
            completed.loading?.sight = report.evidence[number].seen
            completed.loading?.must = report.evidence[number].must
            return Judgement(findings: findings, completed: CaseFile.print(complete(completed, report)))
        }
    }

    /// The longest program that is kept beside what it must be.
    ///
    /// - Units: slots
    private static let longestGiven = 2000

    /// The case with what the kernel did, as far as it is understood, what the rules then give, and what the kernel gave.
    private func complete(_ c: Case, _ report: RewriteReport) -> Case {
        var completed = c
        completed.passes = report.passes
        if !report.passes.isEmpty {
            var runner = CaseRunner([])
            completed.expected = (try? runner.run(completed))?.expected
        }
        var given = report.normalized ?? trial.result
        // A kernel has no aux words of ours.
        given.aux = Array(repeating: 0, count: given.insns.count)
        if given.insns.count <= Self.longestGiven { completed.loading?.given = given }
        return completed
    }
}

extension Case {
    /// Whether a case in a bucket may be loaded once more.
    ///
    /// What ended a process in the kernel, or gave another value when it was run, may bring the machine down.
    public static func canRunAgain(inKernel bucket: String) -> Bool {
        if Bucket.target(of: bucket) != Finding.kernelTarget { return true }
        let rule = Bucket.rule(of: bucket)
        return rule != .crash && rule != .hang && rule != .execution
    }
}
