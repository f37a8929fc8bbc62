import BPF
import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF
import UserFiles

/// Runs programs that passed every check, with and without the flags that rewrite them.
final class KernelExecution {
    /// The packet for the programs.
    private static let data = [UInt8](repeating: 0, count: 14) + (14..<64).map { UInt8($0) }
    /// The number of runs of each program.
    private static let count = 2

    /// The flags that rewrite a program.
    private static let rewriting: LoadFlags = .testRndHi32

    private let session: KernelSession

    /// The file of the program that is run, or `nil`.
    private let file: RunningProgramFile?

    /// - Parameter folder: the folder for the file of the program that is run, or `nil`
    init(_ session: KernelSession, folder: String?) {
        self.session = session
        file = folder.map(RunningProgramFile.init)
    }

    /// Two loads of one program that return different values.
    struct Difference {
        var finding: Finding
        /// The values with the rewriting flags and without them; `nil` if a check failed before the run.
        var evidence: RewriteEvidence?
        /// The slot that explains the difference, in words, if one does.
        var context: String?
    }

    /// Runs a program that passed every check, with and without the rewriting flags.
    ///
    /// No load is run unless both pass every check. A program that returns two values with the same flags has no finding.
    ///
    /// - Parameters:
    ///   - live: the slots that can be reached; `nil` to query the kernel
    ///   - origin: the seed and index of the case, or `nil`
    /// - Returns: a finding if the two return different values, or if one of the loads fails a check
    func run(
        _ program: LoadableProgram, live: [Bool]?, _ counts: inout KernelCounts, _ origin: Case.Origin?
    ) -> Difference? {
        var other = program
        other.flags.formSymmetricDifference(Self.rewriting)
        counts.loads += 1
        guard case .checked(let report) = session.run(other, live: live) else { return nil }
        counts.accepted += 1
        // A finding of the other load counts too, although the case of the index has other flags.
        if let finding = report.allFindings.first { return Difference(finding: finding) }
        var filled = Set(report.slots(of: .rndHi32))
        if filled.isEmpty, case .checked(let own) = session.run(program, live: live) {
            filled = Set(own.slots(of: .rndHi32))
        }
        if let file {
            var c = Case(program, origin: origin)
            c.loading?.isRunnable = true
            // Without the file, a crash would leave no cause.
            do throws(FileError) { try file.begin(c) } catch { session.giveUp(error.description) }
        }
        defer { file?.end() }
        var values: [UInt32] = []
        for program in [program, program, other] {
            switch session.execute(program, live: live, data: Self.data, repeat: Self.count) {
            case .notRun: return nil
            case .wrong(let finding): return Difference(finding: finding)
            case .returned(let value): values.append(value)
            }
            counts.executed += 1
            // The first run may have changed a map.
            if values.count == 2 && values[0] != values[1] { return nil }
        }
        if values[0] == values[2] { return nil }
        let isRewritten = program.flags.contains(Self.rewriting)
        let seen = Case.Loading.Observed.value(
            isRewritten ? values[0] : values[2], flags: program.flags.union(Self.rewriting))
        let must = Case.Loading.Observed.value(
            isRewritten ? values[2] : values[0], flags: program.flags.subtracting(Self.rewriting))
        let reads = UpperHalfReads(program.program)
        let slot = filled.sorted().first(where: reads.isRead)
        return Difference(
            finding: Finding(
                target: Finding.kernelTarget, rule: .execution,
                insn: slot == nil ? program.type.name.replacing("_", with: "-") : UpperHalfReads.word, edit: "rnd-hi32",
                pass: 0, place: slot ?? 0,
                detail: "the program returns \(Self.text(seen)) and \(Self.text(must))"),
            evidence: RewriteEvidence(seen: seen, must: must),
            context: slot.map { "the upper half of the result of slot \($0) of the program is filled, and read later" })
    }

    private static func text(_ observed: Case.Loading.Observed) -> String {
        guard case .value(let value, let flags) = observed else { return observed.text }
        return Case.Loading.Observed.text(value, flags)
    }
}

extension RewriteReport {
    /// The slots of the program at which a rewrite happened.
    fileprivate func slots(of rewrite: Rewrite) -> [Int] {
        applied.filter { $0.rewrite == rewrite }.map { Int($0.input.lowerBound) }
    }
}
