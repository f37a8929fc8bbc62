import BPF
import Fuzzing

/// Runs cases from files through patchers and oracle, and holds the result against what the files say.
public struct Replayer: ~Copyable {
    /// What became of one case.
    public enum Verdict: Sendable {
        case passed
        /// Findings, or another result than the file expects: a reason a line.
        case failed([String])
        /// The file or the program in it cannot be used.
        case broken(String)
    }

    private let patchers: [PatcherChoice]
    private var runner: CaseRunner

    /// Makes a replayer for some patchers.
    ///
    /// A case found with a patcher that is wrong on purpose is run through that one instead, unless it ended the process.
    public init(_ patchers: [PatcherChoice]) {
        self.patchers = patchers
        runner = CaseRunner(patchers.map { $0.make() })
    }

    /// Runs one case.
    public mutating func replay(_ item: CaseSource.Item) -> Verdict {
        let c: Case
        switch item.content {
        case .failure(let error): return .broken(error.description)
        case .success(let read): c = read
        }
        let outcome: CaseOutcome
        do { outcome = try run(c) } catch {
            return .broken("\(item.place): the program is ill formed: \(error)")
        }
        var reasons = outcome.findings.map { "\($0.bucket): \($0.detail)" }
        if outcome.findings.isEmpty, let expected = c.expected, !expected.agrees(with: outcome.expected) {
            reasons.append("the file expects \(Self.words(expected)), the rules give \(Self.words(outcome.expected))")
        }
        return reasons.isEmpty ? .passed : .failed(reasons)
    }

    private mutating func run(_ c: Case) throws(ProgramFault) -> CaseOutcome {
        guard let target = c.target.flatMap(PatcherChoice.init(name:)), PatcherChoice.planted.contains(target),
            patchers == PatcherChoice.builtIn, !c.isDeadly
        else { return try runner.run(c) }
        var other = CaseRunner([target.make()])
        return try other.run(c)
    }

    private static func words(_ expectation: Case.Expectation) -> String {
        switch expectation {
        case .error(let status): return status.errorName ?? "a result"
        case .result(let insns, _, _, _): return insns.map { "a result of \($0.count) slots" } ?? "a result"
        }
    }
}
