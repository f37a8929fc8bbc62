import Fuzzing
import KernelModel
import LinuxBPF

/// A probe of a feature or program type that showed a fault of the kernel. Its program is one of the first cases.
struct FaultyProbe: Sendable {
    let program: LoadableProgram
    let finding: Finding

    /// The faulty probes of a kernel; the index in the list is the index of the case.
    static func all(in facts: KernelFacts) -> FaultyProbes { FaultyProbes(facts.faults.compactMap(FaultyProbe.init)) }

    private init?(_ answer: ProbeAnswer) {
        guard let program = FeatureProbe.program(named: answer.probe) else { return nil }
        self.program = program
        let refusal = LoadRefusal(code: answer.code, text: answer.line)
        // All of a probe is live.
        let bug = answer.code == 0 ? nil : VerifierBug(refusal, of: program, live: nil)
        let complaint = KernelComplaint(answer.line)
        var finding =
            bug?.finding ?? complaint?.finding
            ?? Finding(
                target: Finding.kernelTarget, rule: .kernelLog, insn: "probe", edit: answer.probe, pass: 0, place: 0,
                detail: answer.line)
        finding.detail = "the probe of \(answer.probe): \(finding.detail)"
        self.finding = finding
    }
}

/// A short list that is read by the index of a case.
struct FaultyProbes: Sendable {
    private let list: [FaultyProbe]

    init(_ list: [FaultyProbe]) { self.list = list }

    /// The probe that is the case with an index, or `nil`.
    subscript(index: UInt64) -> FaultyProbe? { index < UInt64(list.count) ? list[Int(index)] : nil }
}
