import BPF
import Fuzzing
import KernelRewrites
import LinuxBPF

/// Runs programs that passed every check, as they are and with what rewrites them.
final class KernelExecution {
    /// The packet that programs are given.
    private static let data = [UInt8](repeating: 0, count: 14) + (14..<64).map { UInt8($0) }
    /// How often each is run.
    private static let count = 2

    /// What a program is loaded with to be rewritten; both are also checked without.
    private static let rewriting: LoadFlags = .testRndHi32

    private let trial: KernelTrial

    init(_ trial: KernelTrial) { self.trial = trial }

    /// Runs a program whose load as it is has passed every check, and once more with or without rewriting flags.
    ///
    /// Only when the other load passes every check too is either of them run; one that does not give the same twice is let be.
    ///
    /// - Returns: a finding when the two return something else, or a load that was to be run does not pass
    func run(_ generated: GeneratedProgram, _ tally: inout KernelTally) -> Finding? {
        if !generated.isRunnable { return nil }
        var other = generated.loadable
        other.flags.formSymmetricDifference(Self.rewriting)
        tally.loads += 1
        guard case .checked(let report) = trial.run(other, live: generated.live) else { return nil }
        tally.accepted += 1
        // It has other flags than the case of its index, but is not to be lost.
        if let finding = report.allFindings.first { return finding }
        var values: [UInt32] = []
        for program in [generated.loadable, generated.loadable, other] {
            switch trial.execute(program, live: generated.live, data: Self.data, repeat: Self.count) {
            case .notRun: return nil
            case .wrong(let finding): return finding
            case .returned(let value): values.append(value)
            }
            tally.executed += 1
            // What it has left in maps may change what it gives.
            if values.count == 2 && values[0] != values[1] { return nil }
        }
        if values[0] == values[2] { return nil }
        return Finding(
            target: Finding.kernelTarget, rule: .execution,
            insn: generated.loadable.type.name.replacing("_", with: "-"),
            edit: "rnd-hi32", pass: 0, place: 0, detail: "returns \(values[0]), and \(values[2]) with other flags")
    }
}
