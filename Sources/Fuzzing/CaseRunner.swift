import BPF
import Patching

/// The outcome of a case.
package struct CaseOutcome: Sendable {
    /// The findings, in the order of the patchers.
    package var findings: [Finding]
    /// The status of the last pass that ran, by the rules.
    package var status: PatchStatus
    /// The expected result of the case, by the rules.
    package var expected: Case.Expectation
    /// The number of passes that ran.
    package var passCount: Int
}

/// Runs single cases through patchers and oracle: cases from files, and candidates of the minimizer.
package struct CaseRunner: ~Copyable {
    private var comparison: PatcherComparison
    private let program = ProgramBuffer()
    private let pass = PassBuffer()

    /// Makes a runner for some patchers.
    ///
    /// - Parameters:
    ///   - beyondContract: true to run patchers built from kernel functions beyond the kernel's contract, too
    ///   - oracle: the oracle that judges
    ///   - progress: a word for the number of the running patcher plus 1, or 0
    package init(
        _ patchers: [any Patcher], beyondContract: Bool = false, oracle: Oracle = .fast,
        progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) {
        comparison = PatcherComparison(patchers, beyondContract: beyondContract, oracle: oracle, progress: progress)
    }

    /// The number of cases so far in which a patcher skipped an unsupported pass.
    package func skippedCases(of patcher: Int) -> Int { comparison.skippedCases(of: patcher) }

    /// Runs a case up to its first refused pass or first finding.
    ///
    /// - Parameter excluded: the patchers that do not run in this case, a bit for each
    /// - Throws: the fault of an ill-formed program
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func run(_ c: Case, excluding excluded: UInt64 = 0) throws(ProgramFault) -> CaseOutcome {
        comparison.setFailures(c.conditions.failures)
        if let fault = start(c.program, excluding: excluded) { throw fault }
        runPasses(of: c)
        let expected: Case.Expectation
        if comparison.status == .accepted {
            let result = Program(comparison.program)
            expected = .result(
                insns: result.insns, aux: result.aux, subprograms: result.subprograms, lines: result.lines)
        } else {
            expected = .error(comparison.status)
        }
        return CaseOutcome(
            findings: comparison.findings, status: comparison.status, expected: expected,
            passCount: comparison.passCount)
    }

    /// The findings of a case; none for an ill-formed program.
    ///
    /// - Parameter excluded: the patchers that do not run, a bit for each
    package mutating func findings(of c: Case, excluding excluded: UInt64 = 0) -> [Finding] {
        comparison.setFailures(c.conditions.failures)
        if start(c.program, excluding: excluded) != nil { return [] }
        runPasses(of: c)
        return comparison.findings
    }

    /// The reason for which each of some patchers ran no pass of the last case, by name.
    ///
    /// Patchers that ran a pass or were excluded are left out.
    package func reasonsNotGiven(_ names: [String]) -> [String: String] {
        var reasons: [String: String] = [:]
        for (number, name) in names.enumerated() { reasons[name] = comparison.reasonNotGiven(number) }
        return reasons
    }

    /// The input of a pass of a case, by the rules, or `nil` if an earlier pass is refused.
    mutating func input(ofPass number: Int, of c: Case) -> Program? {
        if start(c.program) != nil { return nil }
        for edits in c.passes.prefix(number) {
            pass.load(edits)
            if comparison.run(pass.image, isLast: false) != .accepted && comparison.status != .accepted { return nil }
        }
        return Program(comparison.program)
    }

    /// Returns true if the program and the first pass of a case are well formed, so that patchers run.
    mutating func isRunnable(_ c: Case) -> Bool {
        if start(c.program) != nil { return false }
        guard let first = c.passes.first else { return true }
        pass.load(first)
        return PassCheck.fault(in: pass.image, on: program.image()) == nil
    }

    /// Runs the passes of a started case, up to the first one that is refused or has a finding.
    private mutating func runPasses(of c: Case) {
        for (number, edits) in c.passes.enumerated() {
            pass.load(edits)
            if comparison.run(pass.image, isLast: number == c.passes.count - 1) != .accepted { return }
        }
    }

    private mutating func start(_ source: Program, excluding excluded: UInt64 = 0) -> ProgramFault? {
        if source.aux.count != source.insns.count {
            return ProgramFault(.auxCount, at: min(source.aux.count, source.insns.count))
        }
        program.load(source)
        let image: ProgramImage<InputIndex> = program.image()
        if let fault = image.fault() { return fault }
        comparison.begin(image, excluding: excluded)
        return nil
    }
}

extension Case.Expectation {
    /// Returns true if a result of the rules equals the one of a file; parts that the file leaves out are not compared.
    package func agrees(with result: Case.Expectation) -> Bool {
        switch (self, result) {
        case (.error(let one), .error(let two)): return one == two
        case (
            .result(let insns, let aux, let subprograms, let lines), .result(let insns2, let aux2, let sub2, let lines2)
        ):
            return (insns == nil || insns == insns2) && (aux == nil || aux == aux2)
                && (subprograms == nil || subprograms == sub2) && (lines == nil || lines == lines2)
        default: return false
        }
    }
}
