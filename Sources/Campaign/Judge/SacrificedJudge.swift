import Foundation
import Fuzzing

/// Asks patchers in another process, which they may crash, hang or fill with what they like.
public final class SacrificedJudge: CaseJudge {
    private let patchers: [PatcherChoice]
    private let terms: JudgingTerms
    private let budget: CaseBudget
    private let program: URL
    private let reports: SanitizerReports.Use
    private var process: WorkerProcess?
    private var requests: UInt64 = 0
    /// Why no more judgements come, or `nil`.
    public internal(set) var failure: CampaignError?
    /// What a sanitizer wrote about the last case, or `nil`.
    public private(set) var report: String?
    /// What ended the process that was asked about the last case.
    public private(set) var deaths: [Finding] = []

    /// Makes a judge; the process is started with the first case.
    ///
    /// - Parameter program: the executable that serves as judge
    public convenience init(
        _ patchers: [PatcherChoice], terms: JudgingTerms, budget: CaseBudget, program: URL
    ) {
        self.init(patchers, terms: terms, budget: budget, program: program, reports: .reading)
    }

    private init(
        _ patchers: [PatcherChoice], terms: JudgingTerms, budget: CaseBudget, program: URL,
        reports: SanitizerReports.Use
    ) {
        self.patchers = patchers
        self.terms = terms
        self.budget = budget
        self.program = program
        self.reports = reports
    }

    /// Another judge of the same patchers, for whom hundreds of candidates are no trouble.
    ///
    /// - Parameter timeout: how long it waits for an answer, in seconds
    func hasty(timeout: Double = .infinity) -> SacrificedJudge {
        var budget = budget
        budget.timeout = min(budget.timeout, timeout)
        return SacrificedJudge(patchers, terms: terms, budget: budget, program: program, reports: .counting)
    }

    public var names: [String] { patchers.map(\.name) }

    public func findings(of c: Case, against target: String?) -> [Finding] {
        report = nil
        deaths = []
        var spared = UInt64.max
        for (number, patcher) in patchers.enumerated() where target == nil || patcher.name == target {
            spared &= ~(1 << UInt64(number))
        }
        return findings(of: c, sparing: spared)
    }

    private func findings(of c: Case, sparing spared: UInt64) -> [Finding] {
        guard let reply = ask(c, sparing: spared) else { return [] }
        report = report ?? reply.report
        guard reply.isDead, var finding = reply.findings.first else { return reply.findings }
        let asked = patchers.indices.filter { spared & 1 << UInt64($0) == 0 }
        if finding.target == JudgeMessage.unknown {
            if asked.count > 1 { return asked.flatMap { findings(of: c, sparing: ~(1 << UInt64($0))) } }
            finding.target = asked.first.map { patchers[$0].name } ?? finding.target
            finding.bucket = finding.target + finding.bucket.dropFirst(JudgeMessage.unknown.count)
        }
        deaths.append(finding)
        // A patcher that ends the process is the only one heard of; the others are asked again without it.
        let others = asked.filter { patchers[$0].name != finding.target }
        if others.isEmpty { return [finding] }
        return [finding] + findings(of: c, sparing: ~others.reduce(0) { $0 | 1 << UInt64($1) })
    }

    private func ask(_ c: Case, sparing spared: UInt64) -> JudgeMessage.Reply? {
        if failure != nil { return nil }
        do throws(CampaignError) {
            var end = WorkerProcess.End.done
            // Whatever patchers do is answered; if the process has ended all the same, somebody else has killed it.
            for _ in 0..<3 {
                if let reply = try answer(c, sparing: spared) { return reply }
                end = process?.waitUntilExit() ?? end
                process = nil
                if case .failed = end { break }
            }
            throw CampaignError("the process that judges cases ends again and again, at last with \(end)")
        } catch {
            failure = error
            return nil
        }
    }

    /// The answer of the process, started when there is none; `nil` when it has ended.
    private func answer(_ c: Case, sparing spared: UInt64) throws(CampaignError) -> JudgeMessage.Reply? {
        let process = try running()
        requests += 1
        process.write(JudgeMessage.request(requests, sparing: spared, c))
        while let length = JudgeMessage.readWords(1, from: process.descriptor),
            let text = JudgeMessage.read(Int(length[0]), from: process.descriptor)
        {
            let reply = try? JSONDecoder().decode(JudgeMessage.Reply.self, from: Data(text))
            if let reply, reply.request == requests { return reply }
        }
        return nil
    }

    /// The process, started when there is none.
    private func running() throws(CampaignError) -> WorkerProcess {
        if let process { return process }
        // A judge that is gone is noticed by what it does not answer.
        signal(SIGPIPE, SIG_IGN)
        let words = ["judge"] + patchers.flatMap(\.arguments) + terms.arguments + budget.arguments
        let started = try WorkerProcess(
            program: program, words, plugins: patchers.compactMap(\.plugin?.path), reports: reports)
        process = started
        return started
    }
}
