import Foundation
import Fuzzing

/// The inside of a process that judges cases for another one, which must not be lost.
public final class JudgeServer {
    private let patchers: [PatcherChoice]
    private let terms: JudgingTerms
    private let board: SharedBoard
    private let server: ForkServer
    private let output: WorkerOutput

    /// Makes a judge that asks some patchers.
    ///
    /// - Throws: ``CampaignError`` when there is no memory to share with children
    public init(
        patchers: [PatcherChoice], terms: JudgingTerms, budget: CaseBudget
    ) throws(CampaignError) {
        self.patchers = patchers
        self.terms = terms
        board = try SharedBoard()
        output = try WorkerOutput()
        server = ForkServer(
            board: board, number: 0, budget: budget, keepsErrors: SanitizerReports.areRead)
    }

    /// Answers requests on standard input until there are no more.
    public func run() {
        var runner = CaseRunner(
            terms.make(patchers, checksEveryAnswer: true), beyondContract: terms.beyondContract,
            progress: board.patcherWord(ofWorker: 0))
        server.run {
            while let words = JudgeMessage.readWords(1, from: STDIN_FILENO),
                let request = JudgeMessage.readWords(Int(words[0]), from: STDIN_FILENO)
            {
                board.begin(index: request[0], worker: 0)
                let findings = runner.findings(of: CasePacket.unpack(request[2...]), excluding: request[1])
                board.rest(worker: 0)
                output.write(JudgeMessage.encode(.init(request: request[0], findings: findings)))
            }
        } died: { death in
            if board.isBusy(worker: 0) { output.write(JudgeMessage.encode(verdict(on: death))) }
        }
    }

    /// What the death of a child says of the case that it was at.
    private func verdict(on death: Death) -> JudgeMessage.Reply {
        let target = death.patcher.map { patchers[$0].name } ?? JudgeMessage.unknown
        return .init(
            request: death.index, findings: [death.finding(against: target)], isDead: true, report: death.report)
    }
}
