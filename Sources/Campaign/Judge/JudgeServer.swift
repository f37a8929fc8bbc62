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
    /// - Parameters:
    ///   - judge: judges a case without the excluded targets, a bit each
    ///   - search: searches for a smaller case, up to a number of cases; the function that it gets says that it is alive
    package func run(
        _ judge: (Case, UInt64) -> CaseVerdict,
        search: (Case, UInt64, UInt64, (UInt64) -> Void) -> CaseVerdict = { _, _, _, _ in CaseVerdict(findings: []) }
    ) {
        server.run {
            while let words = JudgeMessage.readWords(1, from: .standardInput),
                let request = JudgeMessage.readWords(words[0], from: .standardInput)
            {
                shared.begin(index: request[0], worker: 0)
                let c = CaseEncoding.unpack(request[3...])
                let verdict =
                    request[2] == 0
                    ? judge(c, request[1])
                    : search(c, request[1], request[2]) { done in
                        // Another index: the time limit is that of one step.
                        shared.begin(index: request[0] | done << Self.numberBits, worker: 0)
                    }
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

    /// The bits of a request's number. Those above tell the steps of a search apart.
    private static let numberBits: UInt64 = 32

    /// The answer for a case at which a child died.
    private func verdict(on death: ChildExit) -> JudgeMessage.Reply {
        let target = death.patcher.map { targets[$0] } ?? JudgeMessage.unknown
        return .init(
            request: death.index & (1 << Self.numberBits - 1),
            verdict: CaseVerdict(findings: [death.finding(against: target)]), isDead: true,
            report: death.report)
    }
}
