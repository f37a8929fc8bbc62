import BPF
import Foundation
import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF

/// Judges single cases by loading them into the running kernel, in a process that may die.
package final class KernelJudge {
    private let session: KernelSession
    private let facts: KernelFacts
    private let execution: KernelExecution?
    /// The seed and index of the case that is loaded.
    private var origin: Case.Origin?

    /// - Parameters:
    ///   - target: the running kernel; its settings decide which programs are run
    ///   - progress: a word for the index of the running target plus 1
    /// - Throws: ``CampaignError`` if this process may not load programs
    init(_ target: KernelTarget, progress: UnsafeTypedBuffer<Slot, UInt64>) throws(CampaignError) {
        session = try KernelSession(facts: target.facts, injectedFault: target.injectedFault, progress: progress)
        facts = target.facts
        execution = target.isExecuting ? KernelExecution(session, folder: target.workingFolder) : nil
        let loads = LoadLog()
        loads.write(target)
        session.willLoad = { [unowned self] _ in if let origin { loads.write(origin) } }
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
        origin = c.origin
        switch session.run(program, live: c.liveSlots) {
        case .refused(let refusal):
            let complaints = session.complaints
            if var finding = finding(refusal, c, program, complaints) {
                completed.loading?.seen = .refusal(refusal.steadyText)
                completed.bucket = finding.bucket
                finding.detail = KernelHeadline(completed).text + "; " + finding.detail
                return CaseVerdict(findings: [finding], completed: CaseFile.print(completed))
            }
            if complaints.isEmpty {
                return CaseVerdict(findings: [], remark: "refused: \(refusal.text)")
            }
            return CaseVerdict(
                findings: complaints.map(\.finding), completed: CaseFile.print(completed),
                remark: "refused: \(refusal.text)")
        case .checked(let report):
            var findings = report.allFindings
            let complaints = session.complaints.map(\.finding)
            if complaints.contains(where: { $0.bucket == c.bucket }) || findings.isEmpty && !complaints.isEmpty {
                return CaseVerdict(findings: complaints + findings, completed: CaseFile.print(completed))
            }
            // Of several findings, that of the case's bucket is completed.
            guard let number = findings.firstIndex(where: { $0.bucket == c.bucket }) ?? findings.indices.first else {
                return execute(program, completed)
            }
            completed = Self.completed(completed, report, number, result: session.result)
            findings[number].detail = completed.detail ?? findings[number].detail
            return CaseVerdict(findings: findings, completed: CaseFile.print(completed))
        }
    }

    /// The finding of a refusal: a fault of the verifier; or for a generated case, the refusal of a valid program.
    ///
    /// A candidate of the minimizer may be invalid, so its refusal counts only if the case is about the refusal.
    private func finding(
        _ refusal: LoadRefusal, _ c: Case, _ program: LoadableProgram, _ complaints: [KernelComplaint]
    ) -> Finding? {
        let live = refusal.isVerifierBug ? c.liveSlots ?? session.seen(program, isRefused: true) : nil
        switch RefusalVerdict(refusal, of: program, live: live) {
        case .verifierBug(let finding): return complaints.reduce(finding) { $0.noting($1) }
        case .predicted: return nil
        case .tooComplex(let finding): return finding.bucket == c.bucket ? finding : nil
        case .unexpected(let finding):
            return finding.bucket == c.bucket || c.bucket == nil && c.origin != nil ? finding : nil
        }
    }

    /// Runs a program that passed every check, if the case permits it.
    private func execute(_ program: LoadableProgram, _ c: Case) -> CaseVerdict {
        var counts = KernelCounts()
        guard let execution, c.loading?.isRunnable == true,
            let difference = execution.run(program, live: c.liveSlots, &counts, c.origin)
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

extension LoadRefusal {
    /// The longest part of the text without numbers, or the start of a line about a bug of the verifier.
    var steadyText: String {
        if isVerifierBug { return String(text.prefix { !$0.isNumber }) }
        let parts = text.split { $0.isNumber }.map { $0.trimmingCharacters(in: .whitespaces) }
        return parts.max { $0.count < $1.count } ?? text
    }
}

extension Case {
    /// True if the load of a case in a bucket may end the machine: the first one ended its process, hung, or made
    /// the kernel report damage.
    package static func mayBringDown(_ bucket: String) -> Bool {
        if Bucket.target(of: bucket) != Finding.kernelTarget { return false }
        let rule = Bucket.rule(of: bucket)
        return rule == .crash || rule == .hang || !KernelComplaint.isSafeToRepeat(bucket)
    }

    /// True if the kernel refuses the valid program of a case in a bucket.
    static func isRefusal(_ bucket: String) -> Bool {
        guard let bucket = Bucket(bucket), bucket.target == Finding.kernelTarget else { return false }
        return bucket.rule == .error && bucket.insn.hasPrefix("accepted-became-")
    }

    /// True if a case in a bucket shows its fault only when its program is run.
    package static func needsExecution(_ bucket: String) -> Bool {
        Bucket.target(of: bucket) == Finding.kernelTarget && Bucket.rule(of: bucket) == .execution
    }
}
