import BPF
import Foundation
import Fuzzing

/// The inside of a process that judges cases for another process.
package final class JudgeServer {
    private let targets: [String]
    private let shared: SharedProgress
    private let server: ForkServer
    private let output: WorkerOutput

    /// Makes a server.
    ///
    /// - Parameter targets: the target names, by index
    /// - Throws: ``CampaignError`` if there is no memory to share with children
    package init(targets: [String], budget: CaseBudget) throws(CampaignError) {
        self.targets = targets
        shared = try SharedProgress()
        output = try WorkerOutput()
        server = ForkServer(
            shared: shared, number: 0, budget: budget, keepsErrors: SanitizerReports.areRead)
    }

    /// The word that holds the index of the running target plus 1, or 0 if none is running.
    package var progress: UnsafeTypedBuffer<Slot, UInt64> { shared.patcherWord(ofWorker: 0) }

    /// Answers the requests on standard input until its end.
    ///
    /// - Parameter judge: judges a case without the excluded targets, a bit each
    package func run(_ judge: (Case, UInt64) -> CaseVerdict) {
        server.run {
            while let words = JudgeMessage.readWords(1, from: .standardInput),
                let request = JudgeMessage.readWords(words[0], from: .standardInput)
            {
                shared.begin(index: request[0], worker: 0)
                let verdict = judge(CaseEncoding.unpack(request[2...]), request[1])
                shared.rest(worker: 0)
                if output.write(JudgeMessage.encode(.init(request: request[0], verdict: verdict))) { continue }
                // A patcher closed the output; the parent can still report that.
                shared.begin(index: request[0], worker: 0)
                shared.markOutputLost(worker: 0)
                _exit(1)
            }
        } died: { death in
            if shared.isBusy(worker: 0) { output.write(JudgeMessage.encode(verdict(on: death))) }
        }
    }

    /// The answer for a case at which a child died.
    private func verdict(on death: ChildExit) -> JudgeMessage.Reply {
        let target = death.patcher.map { targets[$0] } ?? JudgeMessage.unknown
        return .init(
            request: death.index, verdict: CaseVerdict(findings: [death.finding(against: target)]), isDead: true,
            report: death.report)
    }
}
