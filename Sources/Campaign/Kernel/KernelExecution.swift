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
    /// - Returns: a finding when the two return something else
    func run(_ generated: GeneratedProgram, _ tally: inout KernelTally) -> Finding? {
        if !generated.isRunnable { return nil }
        var other = generated.loadable
        other.flags.formSymmetricDifference(Self.rewriting)
        tally.loads += 1
        guard case .checked(let report) = trial.run(other, live: generated.live) else { return nil }
        tally.accepted += 1
        if !report.allFindings.isEmpty { return nil }
        guard let one = value(of: generated.loadable), let again = value(of: generated.loadable) else { return nil }
        tally.executed += 2
        // What it has left in maps may change what it gives.
        if one != again { return nil }
        guard let two = value(of: other) else { return nil }
        tally.executed += 1
        if one == two { return nil }
        return Finding(
            target: Finding.kernelTarget, rule: .execution,
            insn: generated.loadable.type.name.replacing("_", with: "-"),
            edit: "rnd-hi32", pass: 0, place: 0, detail: "returns \(one), and \(two) with other flags")
    }

    private func value(of program: LoadableProgram) -> UInt32? {
        trial.noteKernel()
        defer { trial.noteHarness() }
        guard case .loaded(let loaded) = trial.kernel.load(program) else { return nil }
        return try? trial.kernel.run(loaded, data: Self.data, repeat: Self.count)
    }
}
