import Foundation
import Fuzzing
import KernelRewrites

/// Makes programs by index, loads each and has what came back checked.
final class KernelExecutor: CaseExecutor {
    private var generator: KernelProgramGenerator
    private let trial: KernelSession
    private let execution: KernelExecution?
    private var tally = KernelTally()

    init(_ generator: KernelProgramGenerator, _ trial: KernelSession, isExecuting: Bool) {
        self.generator = generator
        self.trial = trial
        execution = isExecuting ? KernelExecution(trial) : nil
    }

    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64?, found: (UInt64, [Finding]) -> Void) {
        for index in indices {
            guard let excluded = begin(index) else { return }
            // What has ended a process is not tried again.
            if excluded != 0 { continue }
            let generated = generator.make(index: index)
            tally.loads += 1
            switch trial.run(generated.loadable, live: generated.live) {
            case .refused(let refusal):
                tally.refused[refusal.reason, default: 0] += 1
                if let bug = VerifierBug(refusal) { found(index, [bug.finding]) }
            case .checked(let report):
                tally.accepted += 1
                tally.coverage += report.coverage
                tally.gaps += UInt64(report.gaps.count)
                let findings = report.allFindings
                if !findings.isEmpty {
                    found(index, findings)
                } else if generated.isRunnable,
                    let difference = execution?.run(generated.loadable, live: generated.live, &tally)
                {
                    found(index, [difference.finding])
                }
            }
        }
    }

    func takeCounts() -> [String: UInt64] {
        defer { tally = KernelTally() }
        return tally.counts
    }

    /// A load that ends the process or does not end is not tried again; that nobody else has killed the process is known
    /// when the kernel says that it has given something up.
    func isCertain(target: Int?, isKilled: Bool) -> Bool { target == 0 && (!isKilled || Self.isTainted) }

    /// Whether the kernel has had an oops since it was started.
    ///
    /// - Source: `Documentation/admin-guide/tainted-kernels.rst`, bit 7
    private static var isTainted: Bool {
        let text = (try? String(contentsOfFile: "/proc/sys/kernel/tainted", encoding: .utf8)) ?? ""
        return (UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) >> 7 & 1 != 0
    }
}
