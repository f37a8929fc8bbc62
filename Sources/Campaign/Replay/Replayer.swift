import BPF
import Foundation
import Fuzzing

/// Runs cases from files through patchers and oracle, and holds the result against what the files say.
public struct Replayer: ~Copyable {
    private let patchers: [PatcherChoice]
    private let terms: JudgingTerms
    private let budget: CaseBudget
    private let program: URL
    private let judge: SacrificedJudge
    private var rules = CaseRunner([])
    private let kernel: KernelReplayer

    /// Makes a replayer for some patchers.
    ///
    /// A case found with a patcher that is wrong on purpose is run through that one instead, and one against a kernel is
    /// loaded into the one that is running, besides.
    ///
    /// - Parameters:
    ///   - plant: what is spoiled on purpose in what the running kernel gives
    ///   - program: the executable that serves as judge
    public init(
        _ patchers: [PatcherChoice], terms: JudgingTerms = JudgingTerms(), budget: CaseBudget = CaseBudget(),
        plant: KernelPlant? = nil, program: URL
    ) {
        kernel = KernelReplayer(plant: plant, program: program)
        self.patchers = patchers
        self.terms = terms
        self.budget = budget
        self.program = program
        judge = SacrificedJudge(PatcherSubject(patchers, terms: terms, budget: budget), program: program)
    }

    /// Runs one case.
    public mutating func replay(_ item: CaseSource.Item) -> ReplayVerdict {
        let c: Case
        switch item.content {
        case .failure(let error): return .broken(error.description)
        case .success(let read): c = read
        }
        let byRules: Case.Expectation
        do { byRules = try rules.run(c).expected } catch {
            return .broken("\(item.place): the program is ill formed: \(error)")
        }
        let judge = judge(of: c)
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { return .broken(failure.description) }
        var reasons = findings.map { "\($0.bucket): \($0.detail)" }
        if let report = judge.report { reasons.append(report) }
        if findings.isEmpty, let expected = c.expected, !expected.agrees(with: byRules) {
            reasons.append(Self.difference(between: expected, and: byRules))
        }
        if !reasons.isEmpty { return .failed(reasons) }
        return c.loading == nil ? .passed : kernel.replay(c)
    }

    /// Whom a case is run through.
    private func judge(of c: Case) -> SacrificedJudge {
        guard let target = c.target.flatMap(PatcherChoice.init(name:)), PatcherChoice.planted.contains(target),
            patchers == PatcherChoice.builtIn
        else { return judge }
        return SacrificedJudge(PatcherSubject([target], terms: terms, budget: budget), program: program)
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
