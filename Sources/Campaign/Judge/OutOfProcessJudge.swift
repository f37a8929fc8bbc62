import Foundation
import Fuzzing

/// Asks patchers in another process, which they may crash, hang or fill with what they like.
package final class OutOfProcessJudge: CaseJudge {
    private let fuzzTarget: any FuzzTarget
    private let budget: CaseBudget
    private let host: any HostProgram
    private let reports: SanitizerReports.Use
    private var process: WorkerProcess?
    /// Whether the process gives way to others, and whether the next one is to.
    private var isYielding = false
    private var mustYield = false
    private var requests: UInt64 = 0
    /// Queried while an answer is awaited: true when there is no time to wait; nothing is found then.
    package var isLate: () -> Bool = { false }
    /// Told of each candidate before it is run.
    package var progress: (MinimizerProgress) -> Void = { _ in }
    /// Why no more judgements come, or `nil`.
    package internal(set) var failure: CampaignError?
    /// What a sanitizer wrote about the last case, or `nil`.
    package private(set) var report: String?
    /// The last case with what became of it, as a file has it, where the judge has more to say of that.
    package private(set) var completed: String?
    /// What became of the last case where it has no finding, or `nil` as a matter of course.
    package private(set) var remark: String?
    /// Why patchers were given no pass of the last case, by name.
    package private(set) var notRun: [String: String] = [:]
    /// What ended the process that was asked about the last case.
    package private(set) var deaths: [Finding] = []

    /// Makes a judge; the process is started with the first case.
    ///
    /// - Parameter host: the program that serves as judge
    package convenience init(_ fuzzTarget: any FuzzTarget, host: any HostProgram) {
        self.init(fuzzTarget, fuzzTarget.budget, host: host, reports: .reading)
    }

    private init(
        _ fuzzTarget: any FuzzTarget, _ budget: CaseBudget, host: any HostProgram, reports: SanitizerReports.Use
    ) {
        self.fuzzTarget = fuzzTarget
        names = fuzzTarget.targets
        self.budget = budget
        self.host = host
        self.reports = reports
    }

    /// Another judge of the same, for whom hundreds of candidates are no trouble.
    ///
    /// - Parameter most: what one case may take, if that is less
    func hasty(_ most: CaseBudget = CaseBudget(timeout: .infinity, memory: nil)) -> OutOfProcessJudge {
        var less = budget
        less.timeout = min(budget.timeout, most.timeout)
        if let memory = most.memory { less.memory = min(budget.memory ?? memory, memory) }
        let judge = OutOfProcessJudge(fuzzTarget, less, host: host, reports: .counting)
        judge.isLate = isLate
        return judge
    }

    /// Whether the process always gives way to others.
    var yields = false

    package let names: [String]

    package func oracle(for c: Case) -> Oracle { fuzzTarget.oracle(for: c) }

    package func findings(of c: Case, against target: String?) -> [Finding] {
        report = nil
        completed = nil
        remark = nil
        deaths = []
        notRun = [:]
        // What hangs keeps a processor busy for seconds, which the workers of a campaign need more.
        mustYield = yields || c.bucket.flatMap { Bucket.rule(of: $0) } == .hang
        var spared = UInt64.max
        for (number, name) in names.enumerated() where target == nil || name == target {
            spared &= ~(1 << UInt64(number))
        }
        return findings(of: c, sparing: spared)
    }

    private func findings(of c: Case, sparing spared: UInt64) -> [Finding] {
        guard let reply = ask(c, sparing: spared) else { return [] }
        report = report ?? reply.report
        completed = reply.judgement.completed
        remark = reply.judgement.remark
        notRun.merge(reply.judgement.notRun ?? [:]) { _, new in new }
        let found = reply.judgement.findings
        guard reply.isDead, var finding = found.first else { return found }
        let asked = names.indices.filter { spared & 1 << UInt64($0) == 0 }
        if finding.target == JudgeMessage.unknown {
            if asked.count > 1 { return asked.flatMap { findings(of: c, sparing: ~(1 << UInt64($0))) } }
            finding.target = asked.first.map { names[$0] } ?? finding.target
            finding.bucket = finding.target + finding.bucket.dropFirst(JudgeMessage.unknown.count)
        }
        deaths.append(finding)
        // A patcher that ends the process is the only one heard of; the others are asked again without it.
        let others = asked.filter { names[$0] != finding.target }
        if others.isEmpty { return [finding] }
        return [finding] + findings(of: c, sparing: ~others.reduce(0) { $0 | 1 << UInt64($1) })
    }

    private func ask(_ c: Case, sparing spared: UInt64) -> JudgeMessage.Reply? {
        if failure != nil { return nil }
        do throws(CampaignError) {
            var end = WorkerProcess.End.done
            // Whatever patchers do is answered; if the process has ended all the same, somebody else has killed it.
            for attempt in 0..<3 {
                if let reply = try answer(c, sparing: spared) {
                    // Memory may have run out that the cases before took: a process that holds none decides.
                    let isOld = reply.isDead && reply.judgement.findings.contains { Case.isLeak($0.bucket) }
                    if attempt == 0 && isOld { continue }
                    return reply
                }
                // The process was killed for lack of time; the next case starts another.
                if process == nil { return nil }
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

    /// How long to wait for an answer before other work has its turn.
    ///
    /// - Units: seconds
    private static let tick = 0.02

    /// How long the process has beyond the time of a case to find out what a patcher did to it.
    ///
    /// - Units: seconds
    private static let grace = 5.0

    /// What comes in place of bytes from the process.
    private enum Gap: Error {
        /// It has ended, or was ended for lack of time.
        case end
        /// A patcher has kept it from answering.
        case fault(ChildExit.Cause)
    }

    /// The answer of the process, started when there is none; `nil` when it has ended.
    private func answer(_ c: Case, sparing spared: UInt64) throws(CampaignError) -> JudgeMessage.Reply? {
        let process = try running()
        requests += 1
        process.write(JudgeMessage.request(requests, sparing: spared, c))
        let limit = Date() + budget.timeout + Self.grace
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
                request: requests, judgement: CaseVerdict(findings: [death.finding(against: JudgeMessage.unknown)]),
                isDead: true)
        }
    }

    /// Reads exactly so many bytes from the process.
    private func receive(
        _ count: Int, from process: WorkerProcess, until limit: Date
    ) throws(Gap) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            if process.isReady(within: Self.tick) {
                if !process.isReadable {
                    // A child that a patcher has left running may hold the output of a process that has ended.
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

    /// The process, started when there is none.
    private func running() throws(CampaignError) -> WorkerProcess {
        if let process {
            if !mustYield || isYielding { return process }
            process.kill()
            _ = process.waitUntilExit()
            self.process = nil
        }
        // A judge that is gone is noticed by what it does not answer.
        Output.watchReader()
        let started = try WorkerProcess(
            host: host, .judge(fuzzTarget.target, budget), plugins: fuzzTarget.plugins, reports: reports)
        if mustYield { started.giveWay() }
        isYielding = mustYield
        process = started
        return started
    }
}
