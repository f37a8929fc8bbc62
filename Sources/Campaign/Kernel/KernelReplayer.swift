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

    /// Loads a case against a kernel into the one that is running.
    func replay(_ c: Case) -> ReplayVerdict {
        let bucket = c.bucket ?? Finding.kernelTarget
        if !Case.canRunAgain(inKernel: bucket) {
            return .skipped("\(bucket): it may bring the machine down; the C program beside it loads it")
        }
        let (judge, release): (SacrificedJudge, String)
        switch self.judge {
        case .failure(let error): return .skipped("\(bucket): \(error)")
        case .success(let found): (judge, release) = found
        }
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { return .broken(failure.description) }
        let kernels = "this kernel is \(release), it was found with \(c.loading?.release ?? "another")"
        // A case that names no bucket is in whichever it shows.
        if let found = findings.first(where: { c.bucket == nil || $0.bucket == c.bucket }) {
            return .asked("\(found.bucket): \(found.detail); \(kernels)", isShown: true)
        }
        if let other = findings.first {
            return .failed(["\(bucket): not shown, but \(other.bucket): \(other.detail); \(kernels)"])
        }
        return .asked("\(bucket): not shown; \(kernels)", isShown: false)
    }
}
