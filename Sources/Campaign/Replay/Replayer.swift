import BPF
import Foundation
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
    private let terms: JudgingTerms
    private let alone: URL?
    private var runner: CaseRunner

    /// Makes a replayer for some patchers.
    ///
    /// A case found with a patcher that is wrong on purpose is run through that one instead.
    ///
    /// - Parameter program: the executable that replays cases which have ended a process; without it they are run here
    public init(_ patchers: [PatcherChoice], terms: JudgingTerms = JudgingTerms(), program: URL? = nil) {
        alone = program
        self.patchers = patchers
        self.terms = terms
        runner = CaseRunner(
            terms.make(patchers, checksEveryAnswer: true), beyondContract: terms.beyondContract)
    }

    /// Runs one case.
    public mutating func replay(_ item: CaseSource.Item) -> Verdict {
        let c: Case
        switch item.content {
        case .failure(let error): return .broken(error.description)
        case .success(let read): c = read
        }
        if c.isDeadly, let alone, let target = patcher(named: c.target), isAsked(target) {
            return replayAlone(item.place, target, alone)
        }
        let outcome: CaseOutcome
        do { outcome = try run(c) } catch {
            return .broken("\(item.place): the program is ill formed: \(error)")
        }
        var reasons = outcome.findings.map { "\($0.bucket): \($0.detail)" }
        if outcome.findings.isEmpty, let expected = c.expected, !expected.agrees(with: outcome.expected) {
            reasons.append(Self.difference(between: expected, and: outcome.expected))
        }
        return reasons.isEmpty ? .passed : .failed(reasons)
    }

    /// A patcher by its name: one of those to run, or one of this package.
    private func patcher(named name: String?) -> PatcherChoice? {
        for patcher in patchers where patcher.name == name { return patcher }
        return name.flatMap(PatcherChoice.init(name:))
    }

    /// Whether a patcher is one of those to run; without a choice, the case's own is.
    private func isAsked(_ target: PatcherChoice) -> Bool {
        patchers == PatcherChoice.builtIn || patchers.contains(target)
    }

    /// Replays a case that has ended a process in a process of its own.
    private func replayAlone(_ place: String, _ target: PatcherChoice, _ program: URL) -> Verdict {
        let end: WorkerProcess.End?
        do {
            end = try WorkerProcess.run(
                [program.path, "replay", place, "--in-process"] + target.arguments + terms.arguments)
        } catch { return .broken(error.description) }
        switch end {
        case .done: return .passed
        case .failed(77): return .failed(["\(target.name): still wrong, though it gives an answer now"])
        case .failed(let status): return .broken("\(place): the process that replays it ended with status \(status)")
        case .killed(let signal): return .failed(["\(target.name): ends the process with signal \(signal)"])
        case nil: return .failed(["\(target.name): gives no answer"])
        }
    }

    private mutating func run(_ c: Case) throws(ProgramFault) -> CaseOutcome {
        guard let target = c.target.flatMap(PatcherChoice.init(name:)), PatcherChoice.planted.contains(target),
            patchers == PatcherChoice.builtIn
        else { return try runner.run(c) }
        var other = CaseRunner([target.make()])
        return try other.run(c)
    }

    /// The first difference between what a file expects and what the rules give, in words.
    private static func difference(between file: Case.Expectation, and rules: Case.Expectation) -> String {
        guard case .result(let insns, let aux, let subprograms, let lines) = file,
            case .result(let insns2, let aux2, let subprograms2, let lines2) = rules
        else { return "the file expects \(words(file)), the rules give \(words(rules))" }
        return first(insns, insns2, "slot") { Disassembler.text(of: $0, secondSlot: nil) }
            ?? first(aux, aux2, "aux word of slot") { String($0) }
            ?? first(subprograms, subprograms2, "subprogram") { "id \($0.id) at \($0.start)" }
            ?? first(lines, lines2, "line record") { "id \($0.id) at \($0.insnOff)" }
            ?? "the file expects something else than the rules give"
    }

    private static func first<Row: Equatable>(
        _ file: [Row]?, _ rules: [Row]?, _ what: String, _ text: (Row) -> String
    ) -> String? {
        guard let file, let rules, file != rules else { return nil }
        let number = zip(file, rules).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let place = number ?? min(file.count, rules.count)
        func row(_ rows: [Row]) -> String { place < rows.count ? text(rows[place]) : "nothing" }
        return "\(what) \(place): the file expects \(row(file)), the rules give \(row(rules))"
    }

    private static func words(_ expectation: Case.Expectation) -> String {
        if case .error(let status) = expectation { return status.errorName ?? "a result" }
        return "a result"
    }
}
