import Foundation
import Fuzzing
import KernelRewrites

/// Judges cases in another process, which a patcher may crash, hang or damage.
package final class OutOfProcessJudge: CaseJudge {
    private let target: CampaignTarget
    private let budget: CaseBudget
    private let host: any HostProgram
    private let reports: SanitizerReports.Use
    private var process: WorkerProcess?
    /// True if the process has a lower priority.
    private var isYielding = false
    /// True if the next process must have a lower priority.
    private var mustYield = false
    private var requests: UInt64 = 0
    /// Called while an answer is awaited: returns true if there is no time to wait; nothing is found then.
    package var isLate: () -> Bool = { false }
    /// Called with each candidate before it runs.
    package var progress: (MinimizerProgress) -> Void = { _ in }
    /// The error after which there are no verdicts, or `nil`.
    package internal(set) var failure: CampaignError?
    /// The sanitizer's report on the last case, or `nil`.
    package private(set) var report: String?
    /// The last case with the kernel's result, as a case file, or `nil`.
    package private(set) var completed: String?
    /// The reason why the last case has no finding, or `nil` if it is clean.
    package private(set) var remark: String?
    /// The reasons why patchers ran no pass of the last case, by name.
    package private(set) var notRun: [String: String] = [:]
    /// The deaths of the process at the last case.
    package private(set) var deaths: [Finding] = []

    /// Makes a judge; its process starts with the first case.
    ///
    /// - Parameter host: the program that serves as judge
    package convenience init(_ target: CampaignTarget, host: any HostProgram) {
        self.init(target, target.properties.budget, host: host, reports: .reading)
    }

    private init(
        _ target: CampaignTarget, _ budget: CaseBudget, host: any HostProgram, reports: SanitizerReports.Use
    ) {
        self.target = target
        names = target.properties.targets
        self.budget = budget
        self.host = host
        self.reports = reports
    }

    /// A judge of the same target for hundreds of candidates.
    ///
    /// - Parameter most: an upper bound of the limits of one case
    func fast(_ most: CaseBudget = CaseBudget(timeout: .infinity, memory: nil)) -> OutOfProcessJudge {
        var less = budget
        less.timeout = min(budget.timeout, most.timeout)
        if let memory = most.memory { less.memory = min(budget.memory ?? memory, memory) }
        let judge = OutOfProcessJudge(target, less, host: host, reports: .counting)
        judge.isLate = isLate
        return judge
    }

    /// True if the process always has a lower priority.
    var yields = false

    package let names: [String]

    package func oracle(for c: Case) -> Oracle { target.properties.oracle(for: c) }

    /// A kernel refuses most programs from which some instructions were removed; many of them without a load.
    package func isPromising(_ candidate: Case, madeFrom best: Case) -> Bool {
        // Only a program of the generator is valid by construction, so that its refusal says something.
        if Case.isRefusal(best.bucket ?? "") { return candidate.liveSlots != nil }
        guard candidate.liveSlots == nil, let program = candidate.loadable, let before = best.loadable else {
            return true
        }
        return VerifierRules(program).brokenCount <= VerifierRules(before).brokenCount
    }

    package func findings(of c: Case, against target: String?) -> [Finding] {
        report = nil
        completed = nil
        remark = nil
        deaths = []
        notRun = [:]
        // A hang keeps a processor busy for seconds, which the workers of the campaign need more.
        mustYield = yields || c.bucket.flatMap { Bucket.rule(of: $0) } == .hang
        var excluded = UInt64.max
        for (number, name) in names.enumerated() where target == nil || name == target {
            excluded &= ~(1 << UInt64(number))
        }
        return findings(of: c, excluding: excluded)
    }

    /// Searches for a case in the bucket of another one that is smaller; `nil` if the search ended early.
    ///
    /// - Parameter limit: the largest number of smaller cases; if there are more, none is run
    func search(below c: Case, limit: UInt64) -> CaseVerdict.Search? {
        guard let number = names.firstIndex(where: { $0 == c.target }), c.loading == nil else { return nil }
        guard let reply = reply(to: c, excluding: ~(1 << UInt64(number)), searchingBelow: limit) else { return nil }
        return reply.isDead ? nil : reply.verdict.search
    }

    private func findings(of c: Case, excluding excluded: UInt64) -> [Finding] {
        guard let reply = reply(to: c, excluding: excluded) else { return [] }
        report = report ?? reply.report
        completed = reply.verdict.completed
        remark = reply.verdict.remark
        notRun.merge(reply.verdict.notRun ?? [:]) { _, new in new }
        let found = reply.verdict.findings
        guard reply.isDead, var finding = found.first else { return found }
        let tested = names.indices.filter { excluded & 1 << UInt64($0) == 0 }
        if finding.target == JudgeMessage.unknown {
            if tested.count > 1 { return tested.flatMap { findings(of: c, excluding: ~(1 << UInt64($0))) } }
            finding.target = tested.first.map { names[$0] } ?? finding.target
            finding.bucket = finding.target + finding.bucket.dropFirst(JudgeMessage.unknown.count)
        }
        deaths.append(finding)
        // The reply is only about the patcher that ended the process; the others run again without it.
        let others = tested.filter { names[$0] != finding.target }
        if others.isEmpty { return [finding] }
        return [finding] + findings(of: c, excluding: ~others.reduce(0) { $0 | 1 << UInt64($1) })
    }

    private func reply(
        to c: Case, excluding excluded: UInt64, searchingBelow limit: UInt64 = 0
    ) -> JudgeMessage.Reply? {
        if failure != nil { return nil }
        do throws(CampaignError) {
            var end = WorkerProcess.End.done
            // The process survives all patchers. If it has ended, another process killed it.
            for attempt in 0..<3 {
                if let reply = try answer(c, excluding: excluded, searchingBelow: limit) {
                    // Earlier cases may have leaked the memory: a new process decides.
                    let isOld = reply.isDead && reply.verdict.findings.contains { Case.isLeak($0.bucket) }
                    if attempt == 0 && isOld { continue }
                    return reply
                }
                // The process was killed for lack of time; the next case starts a new one.
                if process == nil { return nil }
                end = process?.waitUntilExit() ?? end
                process = nil
                if case .failed = end { break }
            }
            throw CampaignError("the process that judges cases ends repeatedly, the last time with \(end)")
        } catch {
            failure = error
            return nil
        }
    }

    /// The interval at which other work runs while an answer is awaited.
    ///
    /// - Units: seconds
    private static let tick = 0.02

    /// The time beyond the limit of a case in which the process may examine a death.
    ///
    /// - Units: seconds
    private static let grace = 5.0

    /// The time limit of a search for a smaller case.
    ///
    /// - Units: seconds
    private static let longestSearch = 60.0

    /// The reason why there are no bytes from the process.
    private enum Gap: Error {
        /// It has ended, or was killed for lack of time.
        case end
        /// A patcher kept it from answering.
        case fault(ChildExit.Cause)
    }

    /// The answer of the process, which is started if there is none; `nil` if it has ended.
    private func answer(
        _ c: Case, excluding excluded: UInt64, searchingBelow smaller: UInt64
    ) throws(CampaignError) -> JudgeMessage.Reply? {
        let process = try running()
        requests += 1
        process.write(JudgeMessage.request(requests, excluding: excluded, searchingBelow: smaller, c))
        let limit = Date() + (smaller == 0 ? budget.timeout : Self.longestSearch) + Self.grace
        do throws(Gap) {
            while true {
                let length = try receive(8, from: process, until: limit)
                let count = length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                if count > JudgeMessage.longest { throw .fault(.descriptor) }
                let text = Data(try receive(Int(count), from: process, until: limit))
                guard let reply = try? JSONDecoder().decode(JudgeMessage.Reply.self, from: text) else {
                    throw .fault(.descriptor)
                }
                if reply.request == requests { return reply }
            }
        } catch {
            guard case .fault(let cause) = error else { return nil }
            process.kill()
            _ = process.waitUntilExit()
            self.process = nil
            let death = ChildExit(cause: cause, patcher: nil, index: requests)
            return JudgeMessage.Reply(
                request: requests, verdict: CaseVerdict(findings: [death.finding(against: JudgeMessage.unknown)]),
                isDead: true)
        }
    }

    /// Reads an exact number of bytes from the process.
    private func receive(
        _ count: Int, from process: WorkerProcess, until limit: Date
    ) throws(Gap) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            if process.isReady(within: Self.tick) {
                if !process.isReadable {
                    // A process that a patcher started may keep the pipe of an ended judge open.
                    if process.hasEnded && !process.isReadable { throw .end }
                    continue
                }
                guard let more = process.readBytes(upTo: count - bytes.count) else { throw .end }
                bytes += more
            } else if isLate() {
                process.kill()
                _ = process.waitUntilExit()
                self.process = nil
                throw .end
            } else if Date() > limit {
                throw .fault(.hang(timeout: budget.timeout + Self.grace))
            }
        }
        return bytes
    }

    /// The process, which is started if there is none.
    private func running() throws(CampaignError) -> WorkerProcess {
        if let process {
            if !mustYield || isYielding { return process }
            process.kill()
            _ = process.waitUntilExit()
            self.process = nil
        }
        // A dead judge is noticed by its missing answer.
        Output.watchReader()
        let started = try WorkerProcess(
            host: host, .judge(target, budget), plugins: target.properties.plugins, reports: reports)
        if mustYield { started.lowerPriority() }
        isYielding = mustYield
        process = started
        return started
    }
}
