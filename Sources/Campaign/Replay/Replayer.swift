import BPF
import Foundation
import Fuzzing

/// Runs cases from files through patchers, oracle and, where it is asked for, the running kernel.
package struct Replayer: ~Copyable {
    /// Who is asked about a case against a running kernel.
    package enum KernelUse: Hashable, Sendable {
        /// The patchers alone; the reason is that of a case that needs a kernel.
        case none(reason: String)
        /// The running kernel as well.
        case also
        /// The running kernel alone, about such cases alone.
        case alone
    }

    /// Why a case against a kernel is not run by patchers.
    package static let needsKernel = "it is a case against a kernel"
    /// Why another case is not run by the running kernel.
    package static let noKernelCase = "it is no case against a kernel"

    /// Why the running kernel is not given a case, after its name.
    static let failedBefore = "is not given a case that a patcher fails"

    private let patchers: [PatcherChoice]
    private let terms: OracleOptions
    private let budget: CaseBudget
    private let host: any HostProgram
    private let kernelUse: KernelUse
    private var judges: [JudgeKey: OutOfProcessJudge] = [:]
    private var rules = CaseRunner([])
    private let kernel: KernelReplayer

    /// What a judge is made of.
    private struct JudgeKey: Hashable {
        var patchers: [PatcherChoice]
        var terms: OracleOptions
    }

    /// Makes a replayer for some patchers.
    ///
    /// A case found with a patcher that is wrong on purpose is run through that one instead, and each case under the conditions
    /// that it names.
    ///
    /// - Parameters:
    ///   - kernelUse: who is asked about cases against a kernel
    ///   - isExecuting: whether the programs of such cases are also run, where the case says that they may be
    ///   - plant: what is spoiled on purpose in what the running kernel gives
    ///   - host: the program that serves as judge
    package init(
        _ patchers: [PatcherChoice], terms: OracleOptions = OracleOptions(), budget: CaseBudget = CaseBudget(),
        kernelUse: KernelUse = .none(reason: needsKernel), isExecuting: Bool = false, plant: InjectedKernelFault? = nil,
        host: any HostProgram
    ) {
        kernel = KernelReplayer(isExecuting: isExecuting, plant: plant, host: host)
        self.patchers = patchers
        self.terms = terms
        self.budget = budget
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
        if terms.applying(to: c).oracle == .reference {
            byRules = Case.Expectation(Reference.result(of: c.passes, on: c.program))
        }
        if kernelUse == .alone {
            return c.loading == nil ? ReplayVerdict(.notRun(Self.noKernelCase)) : kernel.replay(c)
        }
        var verdict = askPatchers(c)
        if case .notReadable = verdict.outcome { return verdict }
        if verdict.failures.isEmpty, let expected = c.expected,
            let difference = ExpectationDifference.words(between: expected, and: byRules)
        {
            verdict.failures = [ReplayVerdict.Failure(detail: difference)]
        }
        if !verdict.failures.isEmpty {
            verdict.outcome = .failed
            if c.loading != nil && kernelUse == .also { verdict.notGiven[Finding.kernelTarget] = Self.failedBefore }
        } else if c.loading != nil {
            if case .none(let reason) = kernelUse {
                verdict.outcome = .notRun(reason)
            } else {
                addKernel(kernel.replay(c), to: &verdict)
            }
        }
        return verdict
    }

    /// Makes the outcome of a case in the running kernel that of the case.
    private func addKernel(_ found: ReplayVerdict, to verdict: inout ReplayVerdict) {
        (verdict.outcome, verdict.failures, verdict.note) = (found.outcome, found.failures, found.note)
        verdict.given += found.given
        if case .notRun(let reason) = found.outcome { verdict.notGiven[Finding.kernelTarget] = reason }
    }

    /// Runs a case through the patchers.
    private mutating func askPatchers(_ c: Case) -> ReplayVerdict {
        let judge = judge(of: c)
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { return ReplayVerdict(.notReadable(failure.description)) }
        let given = judge.names.filter { judge.notRun[$0] == nil }
        var verdict = ReplayVerdict(given.isEmpty ? .notRun(Self.reason(judge)) : .passed)
        verdict.failures = findings.map {
            ReplayVerdict.Failure(bucket: $0.bucket, sentence: $0.sentence, detail: $0.detail)
        }
        verdict.report = judge.report
        verdict.given = given
        verdict.notGiven = judge.notRun
        return verdict
    }

    /// Why no patcher was given a case.
    private static func reason(_ judge: OutOfProcessJudge) -> String {
        var reasons: [String] = []
        for name in judge.names {
            guard let reason = judge.notRun[name] else { continue }
            let words = SparingReason.isOfCase(reason) ? reason : "\(name) \(reason)"
            if !reasons.contains(words) { reasons.append(words) }
        }
        return reasons.joined(separator: "; ")
    }

    /// Who judges a case: one process for all cases under the same conditions.
    private mutating func judge(of c: Case) -> OutOfProcessJudge {
        var key = JudgeKey(patchers: patchers, terms: terms.applying(to: c))
        if let target = c.target.flatMap(PatcherChoice.init(name:)), PatcherChoice.planted.contains(target),
            patchers == PatcherChoice.builtIn
        {
            key.patchers = [target]
        }
        if let judge = judges[key] { return judge }
        let judge = OutOfProcessJudge(
            PatcherTarget(key.patchers, terms: key.terms, budget: budget), host: host)
        judges[key] = judge
        return judge
    }
}
