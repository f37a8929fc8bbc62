import Fuzzing
import LinuxBPF

/// Replays kernel cases in the running kernel.
final class KernelReplayer {
    private let choice: JudgeChoice
    private let host: any HostProgram
    /// The judge and the kernel's release, or the reason why there is none; made for the first case.
    private lazy var judge: Result<(judge: OutOfProcessJudge, release: String), KernelError> = makeJudge()

    init(_ choice: JudgeChoice, host: any HostProgram) {
        self.choice = choice
        self.host = host
    }

    private func makeJudge() -> Result<(judge: OutOfProcessJudge, release: String), KernelError> {
        do throws(KernelError) {
            let target = try choice.kernel()
            return .success((OutOfProcessJudge(.kernel(target), host: host), target.facts.release))
        } catch { return .failure(error) }
    }

    /// The reason why a case that needs `--execute` is not loaded.
    static let needsExecution = "it shows only when its program is run"

    /// The reason why a case is not loaded again.
    static let mayBringDown = "its load may crash the machine; the C program beside it loads it"

    /// The running kernel, and the one that a case was found with.
    private static func kernels(running: String, _ found: String?) -> String {
        if running == found { return "found with this kernel, \(running)" }
        return "this kernel is \(running), "
            + (found.map { "it was found with \($0)" } ?? "the case does not name its own")
    }

    /// Loads a kernel case into the running kernel.
    func replay(_ c: Case) -> ReplayVerdict {
        let bucket = c.bucket ?? Finding.kernelTarget
        if Case.mayBringDown(bucket) { return ReplayVerdict(.notRun(Self.mayBringDown)) }
        if Case.needsExecution(bucket) && !choice.isExecuting { return ReplayVerdict(.notRun(Self.needsExecution)) }
        let (judge, release): (OutOfProcessJudge, String)
        switch self.judge {
        case .failure(let error): return ReplayVerdict(.notRun("the running kernel cannot be used: \(error)"))
        case .success(let found): (judge, release) = found
        }
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { return ReplayVerdict(.notReadable(failure.description)) }
        // A program that is not loaded shows neither the fault nor its absence.
        if findings.isEmpty, let remark = judge.remark {
            return ReplayVerdict(.notRun("the running kernel: \(remark)"))
        }
        let kernels = Self.kernels(running: release, c.loading?.release)
        var verdict = ReplayVerdict(findings.isEmpty ? .passed : .failed)
        // A case without a bucket belongs to the one it shows.
        if let found = findings.first(where: { c.bucket == nil || $0.bucket == c.bucket }) {
            verdict.failures = [
                .init(bucket: found.bucket, sentence: found.sentence, detail: "\(found.detail); \(kernels)")
            ]
        } else if let other = findings.first {
            verdict.failures = [
                .init(
                    bucket: other.bucket, sentence: other.sentence,
                    detail: "\(other.detail); not \(bucket), which is not shown; \(kernels)")
            ]
        } else {
            verdict.note = "\(bucket): not shown; \(kernels)"
        }
        verdict.ran = [Finding.kernelTarget]
        return verdict
    }
}
