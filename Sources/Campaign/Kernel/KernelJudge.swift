import BPF
import Fuzzing
import KernelModel
import KernelRewrites

/// Judges single cases by loading them into the running kernel, in a process that may die.
package final class KernelJudge {
    private let session: KernelSession
    private let facts: KernelFacts
    private let execution: KernelExecution?

    /// - Parameters:
    ///   - isExecuting: true to run the programs that may be run
    ///   - progress: a word for the index of the running target plus 1
    /// - Throws: ``CampaignError`` if this process may not load programs
    package init(
        facts: KernelFacts, isExecuting: Bool, injectedFault: InjectedKernelFault?,
        progress: UnsafeTypedBuffer<Slot, UInt64>
    )
        throws(CampaignError)
    {
        session = try KernelSession(facts: facts, injectedFault: injectedFault, progress: progress)
        self.facts = facts
        execution = isExecuting ? KernelExecution(session) : nil
    }

    /// The findings of a case; none if the kernel refuses the program because of a fault of the program.
    package func judge(_ c: Case) -> CaseVerdict {
        // The kernel does not get ill-formed programs.
        guard let program = c.loadable, program.program.fault() == nil else { return CaseVerdict(findings: []) }
        var completed = c
        completed.program = program.program
        completed.loading?.note(facts)
        completed.loading?.must = nil
        completed.loading?.given = nil
        switch session.run(program, live: c.liveSlots) {
        case .refused(let refusal):
            guard let bug = VerifierBug(refusal) else {
                return CaseVerdict(findings: [], remark: "refused: \(refusal.text)")
            }
            completed.loading?.seen = .refusal(bug.text)
            var finding = bug.finding
            completed.bucket = finding.bucket
            finding.detail = KernelHeadline(completed).text
            return CaseVerdict(findings: [finding], completed: CaseFile.print(completed))
        case .checked(let report):
            var findings = report.allFindings
            // Of several findings, that of the case's bucket is completed.
            guard let number = findings.firstIndex(where: { $0.bucket == c.bucket }) ?? findings.indices.first else {
                return execute(program, completed)
            }
            completed = Self.completed(completed, report, number, result: session.result)
            findings[number].detail = completed.detail ?? findings[number].detail
            return CaseVerdict(findings: findings, completed: CaseFile.print(completed))
        }
    }

    /// Runs a program that passed every check, if the case permits it.
    private func execute(_ program: LoadableProgram, _ c: Case) -> CaseVerdict {
        var counts = KernelCounts()
        guard let execution, c.loading?.isRunnable == true,
            let difference = execution.run(program, live: c.liveSlots, &counts)
        else { return CaseVerdict(findings: []) }
        var completed = c
        completed.loading?.seen = difference.evidence?.seen
        completed.loading?.must = difference.evidence?.must
        var finding = difference.finding
        completed.bucket = finding.bucket
        finding.detail = KernelHeadline(completed).text + (difference.context.map { "; " + $0 } ?? "")
        return CaseVerdict(findings: [finding], completed: CaseFile.print(completed))
    }

    /// The longest result that a case stores.
    ///
    /// - Units: slots
    private static let longestGiven = 2000

    /// The case of a finding of a report: the kernel's edits as far as they are understood, the result of the rules, the
    /// kernel's result, and the headline as detail.
    ///
    /// - Parameters:
    ///   - number: the index of the finding
    ///   - result: the program that was read back
    static func completed(_ c: Case, _ report: RewriteReport, _ number: Int, result: Program) -> Case {
        var completed = c
        completed.bucket = report.allFindings[number].bucket
        completed.loading?.seen = report.evidence[number].seen
        completed.loading?.must = report.evidence[number].must
        completed.passes = report.passes
        completed.expected = nil
        if !report.passes.isEmpty {
            var runner = CaseRunner([])
            completed.expected = (try? runner.run(completed))?.expected
        }
        var given = report.normalized ?? result
        // A kernel has no aux words of ours.
        given.aux = Array(repeating: 0, count: given.insns.count)
        if given.insns.count <= Self.longestGiven { completed.loading?.given = given }
        let gap = number - report.findings.count
        completed.detail =
            KernelHeadline(completed).text + (gap < 0 ? "" : "; " + report.gaps[gap].context)
        return completed
    }
}

extension Case {
    /// True if the load of a case in a bucket may crash the machine: the first one ended its process, or hung.
    package static func mayBringDown(_ bucket: String) -> Bool {
        if Bucket.target(of: bucket) != Finding.kernelTarget { return false }
        let rule = Bucket.rule(of: bucket)
        return rule == .crash || rule == .hang
    }

    /// True if a case in a bucket shows its fault only when its program is run.
    package static func needsExecution(_ bucket: String) -> Bool {
        Bucket.target(of: bucket) == Finding.kernelTarget && Bucket.rule(of: bucket) == .execution
    }
}
