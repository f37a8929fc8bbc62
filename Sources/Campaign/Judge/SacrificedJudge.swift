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
        var spared = UInt64.max
        for (number, patcher) in patchers.enumerated() where target == nil || patcher.name == target {
            spared &= ~(1 << UInt64(number))
        }
        var findings: [Finding] = []
        // A patcher that ends the process is the only one heard of; the others are asked again without it.
        while let reply = ask(c, sparing: spared) {
            findings += reply.findings
            report = report ?? reply.report
            guard let dead = reply.dead else { break }
            spared |= 1 << UInt64(dead)
            if spared == UInt64.max { break }
        }
        return findings
    }

    private func ask(_ c: Case, sparing spared: UInt64) -> JudgeMessage.Reply? {
        if failure != nil { return nil }
        do throws(CampaignError) {
            let process = try running()
            requests += 1
            process.write(JudgeMessage.request(requests, sparing: spared, c))
            while let length = JudgeMessage.readWords(1, from: process.descriptor),
                let text = JudgeMessage.read(Int(length[0]), from: process.descriptor)
            {
                let reply = try? JSONDecoder().decode(JudgeMessage.Reply.self, from: Data(text))
                if let reply, reply.request == requests { return reply }
            }
            throw CampaignError("the process that judges cases has ended: \(process.waitUntilExit())")
        } catch {
            failure = error
            return nil
        }
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
