import BPF
import Foundation
import Fuzzing

/// The inside of a process that judges cases for another one, which must not be lost.
package final class JudgeServer {
    private let targets: [String]
    private let board: SharedProgress
    private let server: ForkServer
    private let output: WorkerOutput

    /// Makes a server.
    ///
    /// - Parameter targets: whom findings can be against, by number
    /// - Throws: ``CampaignError`` when there is no memory to share with children
    package init(targets: [String], budget: CaseBudget) throws(CampaignError) {
        self.targets = targets
        board = try SharedProgress()
        output = try WorkerOutput()
        server = ForkServer(
            board: board, number: 0, budget: budget, keepsErrors: SanitizerReports.areRead)
    }

    /// The word in which to keep the number of the target that is at work, plus 1; 0 while none is.
    package var progress: UnsafeTypedBuffer<Slot, UInt64> { board.patcherWord(ofWorker: 0) }

    /// Answers requests on standard input until there are no more.
    ///
    /// - Parameter judge: judges a case, without some targets, a bit for each
    package func run(_ judge: (Case, UInt64) -> CaseVerdict) {
        server.run {
            while let words = JudgeMessage.readWords(1, from: STDIN_FILENO),
                let request = JudgeMessage.readWords(words[0], from: STDIN_FILENO)
            {
                board.begin(index: request[0], worker: 0)
                let judgement = judge(CaseEncoding.unpack(request[2...]), request[1])
                board.rest(worker: 0)
                if output.write(JudgeMessage.encode(.init(request: request[0], judgement: judgement))) { continue }
                // A patcher has closed it; the server can still say so.
                board.begin(index: request[0], worker: 0)
                board.noteCut(worker: 0)
                _exit(1)
            }
        } died: { death in
            if board.isBusy(worker: 0) { output.write(JudgeMessage.encode(verdict(on: death))) }
        }
    }

    /// What the death of a child says of the case that it was at.
    private func verdict(on death: ChildExit) -> JudgeMessage.Reply {
        let target = death.patcher.map { targets[$0] } ?? JudgeMessage.unknown
        return .init(
            request: death.index, judgement: CaseVerdict(findings: [death.finding(against: target)]), isDead: true,
            report: death.report)
    }
}
