import Foundation
import Fuzzing
import LinuxBPF

/// Says whether the running kernel still shows what cases have found in one.
final class KernelReplayer {
    private let isExecuting: Bool
    private let plant: InjectedKernelFault?
    private let host: any HostProgram
    /// Whom to ask, or why nobody can be asked; made with the first case.
    private lazy var judge: Result<(judge: OutOfProcessJudge, release: String), KernelError> = makeJudge()

    /// - Parameter isExecuting: whether programs of cases that may be run are also run
    init(isExecuting: Bool, plant: InjectedKernelFault?, host: any HostProgram) {
        self.isExecuting = isExecuting
        self.plant = plant
        self.host = host
    }

    private func makeJudge() -> Result<(judge: OutOfProcessJudge, release: String), KernelError> {
        do throws(KernelError) {
            let facts = try RunningKernel().facts
            let fuzzTarget = KernelTarget(isExecuting: isExecuting, plant: plant, facts: facts)
            return .success((OutOfProcessJudge(fuzzTarget, host: host), facts.release))
        } catch { return .failure(error) }
    }

    /// Why a case is not loaded that shows its fault when it is run.
    static let needsExecution = "it shows only when its program is run"

    /// Why a case is not loaded again.
    static let mayBringDown = "its load may bring the machine down; the C program beside it loads it"

    /// The kernel that runs, and the one that a case was found with.
    private static func kernels(running: String, _ found: String?) -> String {
        if running == found { return "found with this kernel, \(running)" }
        return "this kernel is \(running), "
            + (found.map { "it was found with \($0)" } ?? "the case does not name its own")
    }

    /// Loads a case against a kernel into the one that is running.
    func replay(_ c: Case) -> ReplayVerdict {
        let bucket = c.bucket ?? Finding.kernelTarget
        if Case.mayBringDown(bucket) { return ReplayVerdict(.notRun(Self.mayBringDown)) }
        if Case.needsExecution(bucket) && !isExecuting { return ReplayVerdict(.notRun(Self.needsExecution)) }
        let (judge, release): (OutOfProcessJudge, String)
        switch self.judge {
        case .failure(let error): return ReplayVerdict(.notRun("the running kernel cannot be asked: \(error)"))
        case .success(let found): (judge, release) = found
        }
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { return ReplayVerdict(.notReadable(failure.description)) }
        // A program that is not loaded shows nothing, and is not mended either.
        if findings.isEmpty, let remark = judge.remark {
            return ReplayVerdict(.notRun("the running kernel: \(remark)"))
        }
        let kernels = Self.kernels(running: release, c.loading?.release)
        var verdict = ReplayVerdict(findings.isEmpty ? .passed : .failed)
        // A case that names no bucket is in whichever it shows.
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
        verdict.given = [Finding.kernelTarget]
        return verdict
    }
}
