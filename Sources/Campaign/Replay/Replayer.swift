import BPF
import Foundation
import Fuzzing

/// Runs cases from files through patchers, the oracle and, on request, the running kernel.
package struct Replayer: ~Copyable {
    /// The targets of a kernel case.
    package enum KernelUse: Hashable, Sendable {
        /// Only patchers; the reason is reported for a case that needs a kernel.
        case none(reason: String)
        /// Patchers and the running kernel.
        case also
        /// Only the running kernel, and only for kernel cases.
        case alone
    }

    /// The reason why patchers do not run a kernel case.
    package static let needsKernel = "it is a case against a kernel"
    /// The reason why the running kernel does not run another case.
    package static let noKernelCase = "it is not a case against a kernel"

    /// The reason why the running kernel does not run a case, after its name.
    static let failedBefore = "does not run a case that a patcher fails"

    private let choice: JudgeChoice
    private let host: any HostProgram
    private let kernelUse: KernelUse
    private var judges: [PatcherTarget: OutOfProcessJudge] = [:]
    private var rules = CaseRunner([])
    private let kernel: KernelReplayer

    /// Makes a replayer.
    ///
    /// - Parameters:
    ///   - choice: the targets
    ///   - kernelUse: the targets of kernel cases
    ///   - host: the program that serves as judge
    package init(
        _ choice: JudgeChoice, kernelUse: KernelUse = .none(reason: needsKernel), host: any HostProgram
    ) {
        kernel = KernelReplayer(choice, host: host)
        self.choice = choice
        self.kernelUse = kernelUse
        self.host = host
    }

    /// Runs one case.
    package mutating func replay(_ item: CaseSource.Item) -> ReplayVerdict {
        let c: Case
        switch item.content {
        case .failure(let error): return ReplayVerdict(.notReadable(error.description))
        case .success(let read): c = read
        }
        var byRules: Case.Expectation
        do { byRules = try rules.run(c).expected } catch {
            return ReplayVerdict(.notReadable("\(item.place): the program is ill formed: \(error)"))
        }
        if choice.oracleOptions.applying(to: c).oracle == .reference {
            byRules = Case.Expectation(Reference.result(of: c.passes, on: c.program))
        }
        if kernelUse == .alone {
            return c.loading == nil ? ReplayVerdict(.notRun(Self.noKernelCase)) : kernel.replay(c)
        }
        var verdict = runPatchers(c)
        if case .notReadable = verdict.outcome { return verdict }
        if verdict.failures.isEmpty, let expected = c.expected,
            let difference = ExpectationDifference.words(between: expected, and: byRules)
        {
            verdict.failures = [ReplayVerdict.Failure(detail: difference)]
        }
        if !verdict.failures.isEmpty {
            verdict.outcome = .failed
            if c.loading != nil && kernelUse == .also { verdict.notRun[Finding.kernelTarget] = Self.failedBefore }
        } else if c.loading != nil {
            if case .none(let reason) = kernelUse {
                verdict.outcome = .notRun(reason)
            } else {
                addKernel(kernel.replay(c), to: &verdict)
            }
        }
        return verdict
    }

    /// Uses the outcome of the running kernel.
    private func addKernel(_ found: ReplayVerdict, to verdict: inout ReplayVerdict) {
        (verdict.outcome, verdict.failures, verdict.note) = (found.outcome, found.failures, found.note)
        verdict.ran += found.ran
        if case .notRun(let reason) = found.outcome { verdict.notRun[Finding.kernelTarget] = reason }
    }

    /// Runs a case through the patchers.
    private mutating func runPatchers(_ c: Case) -> ReplayVerdict {
        let judge = judge(of: c)
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { return ReplayVerdict(.notReadable(failure.description)) }
        let ran = judge.names.filter { judge.notRun[$0] == nil }
        var verdict = ReplayVerdict(ran.isEmpty ? .notRun(Self.reason(judge)) : .passed)
        verdict.failures = findings.map {
            ReplayVerdict.Failure(bucket: $0.bucket, sentence: $0.sentence, detail: $0.detail)
        }
        verdict.report = judge.report
        verdict.ran = ran
        verdict.notRun = judge.notRun
        return verdict
    }

    /// The reason why no patcher ran a case.
    private static func reason(_ judge: OutOfProcessJudge) -> String {
        var reasons: [String] = []
        for name in judge.names {
            guard let reason = judge.notRun[name] else { continue }
            let words = SkipReason.isOfCase(reason) ? reason : "\(name) \(reason)"
            if !reasons.contains(words) { reasons.append(words) }
        }
        return reasons.joined(separator: "; ")
    }

    /// The judge of a case: one process for all cases of the same target.
    private mutating func judge(of c: Case) -> OutOfProcessJudge {
        let target = choice.patchers(for: c)
        if let judge = judges[target] { return judge }
        let judge = OutOfProcessJudge(.patchers(target), host: host)
        judges[target] = judge
        return judge
    }
}
