import BPF
import Patching

/// What running a case has shown.
package struct CaseOutcome: Sendable {
    /// What was wrong, in the order of the patchers.
    package var findings: [Finding]
    /// What becomes of the last pass that ran, by the rules.
    package var status: PatchStatus
    /// What the case must give, by the rules.
    package var expected: Case.Expectation
    /// How many passes ran.
    package var passCount: Int
}

/// Runs cases from files, and candidates of the minimizer, through patchers and oracle.
package struct CaseRunner: ~Copyable {
    private var trial: PatcherComparison
    private let program = ProgramBuffer()
    private let pass = PassBuffer()

    /// Makes a runner for some patchers.
    ///
    /// - Parameters:
    ///   - beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    ///   - oracle: the oracle that judges
    ///   - progress: a word in which to keep the number of the patcher that is at work, plus 1; 0 while none is
    package init(
        _ patchers: [any Patcher], beyondContract: Bool = false, oracle: Oracle = .fast,
        progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) {
        trial = PatcherComparison(patchers, beyondContract: beyondContract, oracle: oracle, progress: progress)
    }

    /// In how many cases so far a patcher was spared a pass that it cannot do; patchers are numbered as handed in.
    package func sparedCases(of patcher: Int) -> Int { trial.sparedCases(of: patcher) }

    /// Runs a case up to its first refused pass or first finding.
    ///
    /// - Parameter excluded: the patchers that are not asked in this case, a bit for each
    /// - Throws: the program's fault, when it is ill formed
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func run(_ c: Case, excluding excluded: UInt64 = 0) throws(ProgramFault) -> CaseOutcome {
        if let fault = start(c.program, excluding: excluded) { throw fault }
        runPasses(of: c)
        let expected: Case.Expectation
        if trial.status == .accepted {
            let result = Program(trial.program)
            expected = .result(
                insns: result.insns, aux: result.aux, subprograms: result.subprograms, lines: result.lines)
        } else {
            expected = .error(trial.status)
        }
        return CaseOutcome(
            findings: trial.findings, status: trial.status, expected: expected, passCount: trial.passCount)
    }

    /// What is wrong with a case; nothing for an ill-formed program.
    ///
    /// - Parameter excluded: the patchers that are not asked, a bit for each
    package mutating func findings(of c: Case, excluding excluded: UInt64 = 0) -> [Finding] {
        if start(c.program, excluding: excluded) != nil { return [] }
        runPasses(of: c)
        return trial.findings
    }

    /// Why each of some patchers was given no pass of the last case, by name; those that were given one or excluded are left out.
    package func reasonsNotGiven(_ names: [String]) -> [String: String] {
        var reasons: [String: String] = [:]
        for (number, name) in names.enumerated() { reasons[name] = trial.reasonNotGiven(number) }
        return reasons
    }

    /// The program that a pass of a case is given, by the rules, or `nil` when an earlier one is refused.
    mutating func input(ofPass number: Int, of c: Case) -> Program? {
        if start(c.program) != nil { return nil }
        for edits in c.passes.prefix(number) {
            pass.load(edits)
            if trial.run(pass.image, isLast: false) != .accepted && trial.status != .accepted { return nil }
        }
        return Program(trial.program)
    }

    /// True if patchers are given a pass of a case: its program is well formed and so is its first pass.
    mutating func isRunnable(_ c: Case) -> Bool {
        if start(c.program) != nil { return false }
        guard let first = c.passes.first else { return true }
        pass.load(first)
        return PassCheck.fault(in: pass.image, on: program.image()) == nil
    }

    /// Runs all passes of a case that has been started, up to the first that is refused or wrong.
    private mutating func runPasses(of c: Case) {
        for (number, edits) in c.passes.enumerated() {
            pass.load(edits)
            if trial.run(pass.image, isLast: number == c.passes.count - 1) != .accepted { return }
        }
    }

    private mutating func start(_ source: Program, excluding excluded: UInt64 = 0) -> ProgramFault? {
        if source.aux.count != source.insns.count {
            return ProgramFault(.auxCount, at: min(source.aux.count, source.insns.count))
        }
        program.load(source)
        let image: ProgramImage<InputIndex> = program.image()
        if let fault = image.fault() { return fault }
        trial.begin(image, excluding: excluded)
        return nil
    }
}

extension Case.Expectation {
    /// Whether a result of the rules is the one that a file gives; parts that the file leaves out are not compared.
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
