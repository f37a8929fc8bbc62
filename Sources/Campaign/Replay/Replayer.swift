import Foundation
import Fuzzing
import Patching

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

    private var runner: CaseRunner

    /// Makes a replayer for some patchers.
    public init(_ patchers: [any Patcher]) { runner = CaseRunner(patchers) }

    /// Runs one case.
    public mutating func replay(_ item: CaseSource.Item) -> Verdict {
        let c: Case
        switch item.content {
        case .failure(let error): return .broken(error.description)
        case .success(let read): c = read
        }
        let outcome: CaseOutcome
        do { outcome = try runner.run(c) } catch {
            return .broken("\(item.place): the program is ill formed: \(error)")
        }
        var reasons = outcome.findings.map { "\($0.bucket): \($0.detail)" }
        if outcome.findings.isEmpty, let expected = c.expected, !expected.agrees(with: outcome.expected) {
            reasons.append("the file expects \(Self.words(expected)), the rules give \(Self.words(outcome.expected))")
        }
        return reasons.isEmpty ? .passed : .failed(reasons)
    }

    private static func words(_ expectation: Case.Expectation) -> String {
        switch expectation {
        case .error(let status): return status.errorName ?? "a result"
        case .result(let insns, _, _, _): return insns.map { "a result of \($0.count) slots" } ?? "a result"
        }
    }
}
