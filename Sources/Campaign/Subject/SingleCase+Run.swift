import BPF
import Foundation
import Fuzzing
import LinuxBPF
import Patching

extension CampaignConfiguration {
    /// Makes the case with an index and runs it by itself.
    ///
    /// - Parameter host: the program that serves as judge
    /// - Throws: ``CampaignError`` when the case cannot be made or run
    package func runCase(_ index: UInt64, host: any HostProgram) throws(CampaignError) -> SingleCase {
        let objects = ObjectCollection(paths: fuzzTarget.objects)
        if !fuzzTarget.objects.isEmpty && objects.programs.isEmpty {
            throw CampaignError.noObject(objects.refusals.map(\.description))
        }
        return try fuzzTarget.runCase(index, seed: cases.seed, bases: objects.programs.map(\.program), host: host)
    }
}

extension PatcherTarget {
    package func runCase(
        _ index: UInt64, seed: UInt64, bases: [Program], host: any HostProgram
    ) throws(CampaignError) -> SingleCase {
        var fuzzer = makeFuzzer(seed: seed, bases: bases, patchers: [])
        var c = fuzzer.makeCase(index: index)
        c.conditions = terms.conditions
        let judge = OutOfProcessJudge(self, host: host)
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { throw failure }
        var made = SingleCase(c, findings: findings, report: judge.report)
        let standIns = patchers.map { StandInPatcher($0.capabilities, $0.plugin?.kernel) }
        // It is given every pass that is not malformed.
        let all = StandInPatcher(.everything, nil)
        var runner = CaseRunner(standIns + [all], beyondContract: terms.beyondContract, oracle: terms.oracle)
        do throws(ProgramFault) { _ = try runner.run(c) } catch {
            throw CampaignError("case \(index) of seed \(seed): the program is ill formed: \(error)")
        }
        for (patcher, standIn) in zip(patchers, standIns) where !findings.contains(where: { $0.target == patcher.name })
        {
            made.remarks.append("\(patcher.name): \(Self.remark(given: standIn.given, of: all.given))")
        }
        return made
    }

    /// What there is to say of a patcher without a finding.
    private static func remark(given: Int, of count: Int) -> String {
        if count == 0 { return "not run: the pass is malformed" }
        if given == count { return SingleCase.clean }
        let skipped = "it cannot do what \(count - given) of \(count) passes demand"
        return given == 0 ? "not run: \(skipped)" : "\(SingleCase.clean); \(skipped)"
    }
}

extension KernelTarget {
    package func runCase(
        _ index: UInt64, seed: UInt64, bases: [Program], host: any HostProgram
    ) throws(CampaignError) -> SingleCase {
        let c = makeCase(index, seed: seed)
        let judge = OutOfProcessJudge(self, host: host)
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { throw failure }
        let completed = try? judge.completed.map { try CaseFile.parse($0, file: "case \(index)") }
        var shown = completed ?? c
        (shown.name, shown.origin) = (c.name, c.origin)
        var made = SingleCase(shown, findings: findings, report: judge.report)
        if findings.isEmpty {
            made.remarks.append("kernel \(facts.release): " + (judge.remark ?? SingleCase.clean))
        }
        if isExecuting {
            made.remarks.append(
                c.loading?.isRunnable == true
                    ? "the program may be executed, which is done once it has passed every check"
                    : "the program was loaded and not executed: it does not end soon, or does not depend on its data alone"
            )
        }
        return made
    }
}

/// A right patcher that can do what another can, to learn which passes that one is given.
private final class StandInPatcher: ForeignPatcher {
    let name = "stand-in"
    let capabilities: PatcherCapabilities
    let kernel: KernelFunctions?
    let misconduct: PatcherViolation? = nil
    private(set) var given = 0
    private let inner = RangeReplace()

    init(_ capabilities: PatcherCapabilities, _ kernel: KernelFunctions?) {
        self.capabilities = capabilities
        self.kernel = kernel
    }

    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        given += 1
        return inner.apply(pass, to: input, into: output)
    }

    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer, clock: () -> Double
    ) -> (status: PatchStatus, seconds: Double) {
        (apply(pass, to: input, into: output), 0)
    }
}
