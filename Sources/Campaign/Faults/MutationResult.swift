import Foundation
import Plugins

/// The mutants of a kernel tree that were searched for so far, and the score.
package struct MutationResult: Sendable {
    package private(set) var trials: [MutationScore.Trial] = []
    private let score: MutationHead
    private let equivalents: EquivalentMutants

    /// The facts about the search that do not depend on its result.
    private struct MutationHead: Sendable {
        var release: String
        var own: [String]
        var unmutated: [UnmutatedFunction]
    }

    package init(_ score: MutationScore, _ equivalents: EquivalentMutants) {
        self.score = MutationHead(release: score.release, own: score.own, unmutated: score.unmutated)
        self.equivalents = equivalents
    }

    /// Adds a trial.
    ///
    /// - Returns: the text of a survivor, or `nil`
    package mutating func add(_ trial: MutationScore.Trial) -> String? {
        var trial = trial
        if trial.bucket == nil { trial.equivalence = equivalents.reason(for: trial.mutant) }
        trials.append(trial)
        if trial.bucket != nil || trial.equivalence != nil { return nil }
        let mutant = trial.mutant
        return
            "survived: \(mutant.file):\(mutant.line): \(mutant.kind.rawValue), \(CountText.of(trial.cases, "case"))\n"
            + "  \(mutant.identity)\n  in a list: \(EquivalentMutants.name(of: mutant)) # REASON"
    }

    /// The number of mutants that were found.
    package var found: Int { trials.count { $0.bucket != nil } }
    /// The number of mutants that are equivalent.
    package var equivalent: Int { trials.count { $0.equivalence != nil } }
    /// The number of mutants that were not found and are not known to be equivalent.
    package var survived: Int { trials.count - found - equivalent }

    /// The share of the mutants, other than equivalent ones, that were found.
    package var share: Double { Double(found) / Double(max(trials.count - equivalent, 1)) }

    /// The result in one line.
    package var summary: String {
        let times = trials.filter { $0.bucket != nil }.map(\.seconds).sorted()
        let median = times.isEmpty ? "" : String(format: ", after %.2f s in the median", times[times.count / 2])
        return "\(CountText.of(found, "mutant")) of \(trials.count - equivalent) found"
            + String(format: ", %.1f %%", share * 100) + median
            + "; \(CountText.grouped(equivalent)) equivalent, \(CountText.grouped(survived)) survived"
    }
}

extension MutationScore {
    /// The number of mutants and of their functions, in one line.
    package var headline: String {
        let functions = Set(mutants.map { $0.file + $0.function }).count
        let part = mutants.count == all.count ? "" : " of \(CountText.grouped(all.count))"
        return
            "\(CountText.of(mutants.count, "mutant"))\(part), of \(CountText.of(functions, "function")) of Linux \(release)"
    }
}

extension MutationResult: Encodable {
    private enum CodingKeys: String, CodingKey {
        case release, mutants, found, equivalent, survived, score, own, unmutated, trials
    }

    private struct Function: Encodable {
        var function: String
        var reason: String
    }

    private struct Row: Encodable {
        var kind: String
        var file: String
        var line: Int
        var function: String
        var before: String
        var after: String
        var name: String
        var detected: Bool
        var cases: UInt64
        var seconds: Double
        var bucket: String?
        var equivalence: String?
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(score.release, forKey: .release)
        try container.encode(trials.count, forKey: .mutants)
        try container.encode(found, forKey: .found)
        try container.encode(equivalent, forKey: .equivalent)
        try container.encode(survived, forKey: .survived)
        try container.encode(share, forKey: .score)
        try container.encode(score.own, forKey: .own)
        try container.encode(score.unmutated.map { Function(function: $0.name, reason: $0.reason) }, forKey: .unmutated)
        try container.encode(
            trials.map { trial in
                Row(
                    kind: trial.mutant.kind.rawValue, file: trial.mutant.file, line: trial.mutant.line,
                    function: trial.mutant.function, before: trial.mutant.before, after: trial.mutant.after,
                    name: EquivalentMutants.name(of: trial.mutant),
                    detected: trial.bucket != nil, cases: trial.cases, seconds: trial.seconds, bucket: trial.bucket,
                    equivalence: trial.equivalence)
            }, forKey: .trials)
    }
}
