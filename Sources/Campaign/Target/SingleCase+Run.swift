import BPF
import Foundation
import Fuzzing
import LinuxBPF
import Patching

extension CampaignConfiguration {
    /// Generates the case with an index, and does not run it.
    ///
    /// - Parameter host: the program that serves as judge
    package func makeCase(_ index: UInt64, host: any HostProgram) throws(CampaignError) -> SingleCase {
        let triage = target.fuzzTarget.makeTriage(seed: cases.seed, bases: [], host: host)
        var single = SingleCase(triage.makeCase(index: index), findings: [])
        single.remarks = [
            "made for \(target.properties.kernel.first.map { "kernel \($0)" } ?? "its target"), not loaded"
        ]
        return single
    }

    /// Generates the case with an index and runs it alone.
    ///
    /// - Parameter host: the program that serves as judge
    /// - Throws: ``CampaignError`` if the case cannot be made or run
    package func runCase(_ index: UInt64, host: any HostProgram) throws(CampaignError) -> SingleCase {
        let paths = target.properties.objects
        let objects = ObjectCollection(paths: paths)
        if !paths.isEmpty && objects.programs.isEmpty {
            throw CampaignError.noObject(objects.refusals.map(\.description))
        }
        let triage = target.fuzzTarget.makeTriage(
            seed: cases.seed, bases: objects.programs.map(\.program), host: host)
        let c = triage.makeCase(index: index)
        let judge = triage.judge
        let findings = judge.findings(of: c, against: nil)
        if let failure = judge.failure { throw failure }
        switch target {
        case .patchers(let target):
            var single = SingleCase(c, findings: findings, report: judge.report)
            single.remarks += try target.remarks(on: c, findings)
            return single
        case .kernel(let target):
            let completed = try? judge.completed.map { try CaseFile.parse($0, file: "case \(index)") }
            var shown = completed ?? c
            (shown.name, shown.origin) = (c.name, c.origin)
            var single = SingleCase(shown, findings: findings, report: judge.report)
            single.remarks += target.remarks(on: c, findings, judge.remark)
            return single
        }
    }
}

extension PatcherTarget {
    /// A line for each patcher without a finding.
    ///
    /// - Throws: ``CampaignError`` if the program is ill formed
    fileprivate func remarks(on c: Case, _ findings: [Finding]) throws(CampaignError) -> [String] {
        let standIns = patchers.map { StandInPatcher($0.capabilities, $0.plugin?.kernel) }
        // It runs every pass that is well formed.
        let all = StandInPatcher(.everything, nil)
        var runner = CaseRunner(
            standIns + [all], beyondContract: oracleOptions.beyondContract, oracle: oracleOptions.oracle)
        do throws(ProgramFault) { _ = try runner.run(c) } catch {
            let name = c.origin.map { "case \($0.index)" } ?? "the case"
            throw CampaignError("\(name): the program is ill formed: \(error)")
        }
        return zip(patchers, standIns).filter { patcher, _ in !findings.contains { $0.target == patcher.name } }
            .map { patcher, standIn in "\(patcher.name): \(Self.remark(passes: standIn.passes, of: all.passes))" }
    }

    /// A remark on a patcher without a finding that ran some of the passes.
    private static func remark(passes: Int, of count: Int) -> String {
        if count == 0 { return "not run: the pass is malformed" }
        if passes == count { return SingleCase.clean }
        let skipped = "it does not support \(count - passes) of \(count) passes"
        return passes == 0 ? "not run: \(skipped)" : "\(SingleCase.clean); \(skipped)"
    }
}

extension KernelTarget {
    /// - Parameter reason: the judge's reason for having no finding, or `nil`
    fileprivate func remarks(on c: Case, _ findings: [Finding], _ reason: String?) -> [String] {
        var remarks: [String] = []
        if findings.isEmpty { remarks.append("kernel \(facts.release): " + (reason ?? SingleCase.clean)) }
        if isExecuting {
            remarks.append(
                c.loading?.isRunnable == true
                    ? "the program is run if it passes every check"
                    : "the program was loaded and not run: it may not end soon, or depends on more than its data")
        }
        return remarks
    }
}

/// A correct patcher with the capabilities of another one, to count the passes that the other one runs.
private final class StandInPatcher: ForeignPatcher {
    let name = "stand-in"
    let capabilities: PatcherCapabilities
    let kernel: KernelFunctions?
    let violation: PatcherViolation? = nil
    private(set) var passes = 0
    private let inner = RangeReplace()

    init(_ capabilities: PatcherCapabilities, _ kernel: KernelFunctions?) {
        self.capabilities = capabilities
        self.kernel = kernel
    }

    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        passes += 1
        return inner.apply(pass, to: input, into: output)
    }

    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer, clock: () -> Double
    ) -> (status: PatchStatus, seconds: Double) {
        (apply(pass, to: input, into: output), 0)
    }
}
