import Foundation
import Fuzzing
import LinuxBPF

/// Says whether the running kernel still shows what cases have found in one.
final class KernelReplayer {
    private let plant: KernelPlant?
    private let program: URL
    /// Whom to ask, or why nobody can be asked; made with the first case.
    private lazy var judge: Result<(judge: SacrificedJudge, release: String), KernelError> = makeJudge()

    init(plant: KernelPlant?, program: URL) {
        self.plant = plant
        self.program = program
    }

    private func makeJudge() -> Result<(judge: SacrificedJudge, release: String), KernelError> {
        do throws(KernelError) {
            let facts = try RunningKernel().facts
            let subject = KernelSubject(plant: plant, facts: facts)
            return .success((SacrificedJudge(subject, program: program), facts.release))
        } catch { return .failure(error) }
    }

    /// Why a case is not loaded again.
    static let mayBringDown = "its load may bring the machine down; the C program beside it loads it"

    /// Loads a case against a kernel into the one that is running.
    func replay(_ c: Case) -> ReplayVerdict {
        let bucket = c.bucket ?? Finding.kernelTarget
        if !Case.canRunAgain(inKernel: bucket) { return ReplayVerdict(.notRun(Self.mayBringDown)) }
        let (judge, release): (SacrificedJudge, String)
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
        let kernels = "this kernel is \(release), it was found with \(c.loading?.release ?? "another")"
        var verdict = ReplayVerdict(findings.isEmpty ? .passed : .failed)
        // A case that names no bucket is in whichever it shows.
        if let found = findings.first(where: { c.bucket == nil || $0.bucket == c.bucket }) {
            verdict.failures = [
                .init(
                    bucket: found.bucket, sentence: found.sentence, detail: "\(found.detail); \(kernels)", isShown: true
                )
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
