import BPF
import Patching

/// Runs cases through all patchers and compares every result with the oracle's.
///
/// Made once and reused for the whole run: a case without a finding allocates nothing after the buffers have grown.
///
/// Each pass is checked twice. First all results are compared with each other, byte by byte; equal results need one
/// check. Then a result is compared with the ``Expectation``: the sequence of markers, the landing of each jump, aux
/// words, subprograms, lines. A difference that only the first check finds is a gap in the second, and a finding as
/// well.
///
/// Patchers are numbered in their order in `init`. A patcher skips passes that it does not support, and the parts of a
/// result that it does not fill in are replaced by the expected ones.
package struct PatcherComparison: ~Copyable {
    let lanes: UncheckedBoxes<Lane>
    private let scripts: UncheckedBoxes<ScriptLane>
    let foreigners: UncheckedBoxes<ForeignLane>
    /// The status of each patcher for this pass, or `nil` if it skipped the pass.
    let answers: UncheckedBoxes<PatchStatus?>
    /// The number of cases in which each patcher skipped a pass.
    private let skippedCases: UncheckedBoxes<Int>
    /// The number of cases in which each patcher ran a pass, except those in ``ranRow``.
    private let ranCases: UncheckedBoxes<Int>
    /// True if this case is counted already.
    private var isNoted = false
    /// The number of last cases that the same set of patchers ran, and the set: cheaper than a counter for each
    /// patcher.
    private var ranRow = (ran: UInt64(0), cases: 0)
    /// The patchers that skipped a pass of this case: a bit for each.
    private var skipped: UInt64 = 0
    private var excluded: UInt64 = 0
    /// The patchers that ran a pass of this case: a bit for each.
    private(set) var given: UInt64 = 0
    /// The patchers that ran no pass of the kernel in a pass of this case: a bit for each.
    private var others: UInt64 = 0
    /// The capabilities for lack of which each patcher skipped a pass of this case.
    private let missing: UncheckedBoxes<PatcherCapabilities>
    var expectation = Expectation()
    let contract: KernelContract
    private var matcher = KernelPassMatcher()
    let oracle: Oracle
    /// All capabilities that some patcher lacks.
    private let unsupported: PatcherCapabilities
    /// True if some patcher is built from kernel functions.
    private let hasKernel: Bool
    let beyondContract: Bool
    /// True if findings have sentences and details.
    private let describesFindings: Bool
    /// The first result of a patcher from outside that is run again.
    let doubted = ProgramBuffer()
    /// The number of the running patcher plus 1, or 0.
    let progress: UnsafeTypedBuffer<Slot, UInt64>
    private let ownProgress = Scratch<UInt64>(capacity: 1)
    /// The program before the pass.
    let current = ProgramBuffer()
    /// The findings of the case so far.
    package internal(set) var findings: [Finding] = []
    /// The number of passes of the case that ran.
    package private(set) var passCount = 0
    /// The status of the last pass, by the rules.
    package private(set) var status = PatchStatus.accepted

    /// Makes a comparison of at most 64 patchers.
    ///
    /// - Parameters:
    ///   - beyondContract: true to run patchers built from kernel functions beyond the kernel's contract, too
    ///   - oracle: the oracle that judges
    ///   - describesFindings: false if findings are only counted by bucket
    ///   - progress: a word for the number of the running patcher plus 1, or 0
    package init(
        _ patchers: [any Patcher], beyondContract: Bool = false, oracle: Oracle = .fast, describesFindings: Bool = true,
        progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) {
        precondition(patchers.count <= 64, "\(patchers.count) patchers, of which each has a bit of 64")
        var scripts: [(patcher: any ScriptPatcher, output: ProgramBuffer, number: Int)] = []
        lanes = UncheckedBoxes(count: patchers.count) { number in
            let output = ProgramBuffer()
            var script: Int?
            if let patcher = patchers[number] as? any ScriptPatcher {
                script = scripts.count
                scripts.append((patcher, output, number))
            }
            return Lane(patchers[number], output: output, script: script, beyondContract: beyondContract)
        }
        self.scripts = UncheckedBoxes(count: scripts.count) { [scripts] number in
            ScriptLane(
                patcher: scripts[number].patcher, output: scripts[number].output, number: scripts[number].number)
        }
        let foreign = patchers.enumerated().compactMap { number, patcher in
            (patcher as? any ForeignPatcher).map { (number: number, patcher: $0) }
        }
        foreigners = UncheckedBoxes(count: foreign.count) { number in
            ForeignLane(patcher: foreign[number].patcher, number: foreign[number].number)
        }
        answers = UncheckedBoxes(count: patchers.count) { _ in nil }
        skippedCases = UncheckedBoxes(count: patchers.count) { _ in 0 }
        missing = UncheckedBoxes(count: patchers.count) { _ in [] }
        ranCases = UncheckedBoxes(count: patchers.count) { _ in 0 }
        var unsupported: PatcherCapabilities = []
        var contract = KernelContract()
        var hasKernel = false
        for number in 0..<lanes.count {
            unsafe unsupported.formUnion(lanes[number].unsupported)
            guard let kernel = unsafe lanes[number].kernel else { continue }
            hasKernel = true
            contract.hold(number, to: kernel)
        }
        self.unsupported = unsupported
        self.contract = contract
        self.hasKernel = hasKernel
        self.beyondContract = beyondContract
        self.oracle = oracle
        self.describesFindings = describesFindings
        self.progress = progress ?? ownProgress.buffer()
        unsafe self.progress[Slot(0)] = 0
    }

    /// The number of cases so far in which a patcher skipped an unsupported pass.
    package func skippedCases(of patcher: Int) -> Int {
        unsafe skippedCases[patcher] + (unmatched &>> UInt64(patcher) & 1 != 0 ? 1 : 0)
    }

    /// The patchers that run passes of the kernel, and ran none of this case, which is not counted yet: a bit for each.
    private var unmatched: UInt64 { others & ~(given | skipped | excluded) }

    /// The reason for which a patcher ran no pass of this case; `nil` if it ran one, or was excluded.
    func reasonNotGiven(_ patcher: Int) -> String? {
        let bit: UInt64 = 1 &<< UInt64(patcher)
        if (given | excluded) & bit != 0 { return nil }
        if (skipped | others) & bit != 0 { return unsafe SkipReason.text(missing[patcher]) }
        return passCount == 0 ? SkipReason.noPass : SkipReason.malformed
    }

    /// The number of cases so far, including this one, in which a patcher ran at least one pass.
    package mutating func ranCases(of patcher: Int) -> Int {
        noteRan()
        countRan()
        return unsafe ranCases[patcher]
    }

    /// Counts the finished case for the patchers that ran it; cheap, since it is mostly the same set.
    @inline(__always)
    private mutating func noteRan() {
        if isNoted { return }
        isNoted = true
        if unmatched != 0 { countOthers() }
        if given == ranRow.ran {
            ranRow.cases &+= 1
        } else if given != 0 {
            countRan()
            ranRow = (given, 1)
        }
    }

    /// Counts the finished case for the patchers that ran no pass of the kernel in it.
    @inline(never)
    private mutating func countOthers() {
        for number in 0..<lanes.count where unmatched &>> UInt64(number) & 1 != 0 {
            unsafe skippedCases[number] += 1
        }
        others = 0
    }

    /// Adds the cases of ``ranRow`` to the counters of its patchers.
    @inline(never)
    private mutating func countRan() {
        for number in 0..<lanes.count where ranRow.ran &>> UInt64(number) & 1 != 0 {
            unsafe ranCases[number] += ranRow.cases
        }
        ranRow.cases = 0
    }

    /// The current program: the input of the next pass, or the result of the last one.
    package var program: ProgramImage<InputIndex> { current.image() }

    /// Starts a case.
    ///
    /// - Parameters:
    ///   - program: a well-formed program
    ///   - excluded: the patchers that do not run in this case, a bit for each
    /// - Complexity: O(slots)
    package mutating func begin(_ program: ProgramImage<InputIndex>, excluding excluded: UInt64 = 0) {
        current.load(program)
        begin(excluding: excluded)
    }

    /// Starts a case with the program in ``current``.
    mutating func begin(excluding excluded: UInt64) {
        noteRan()
        isNoted = false
        self.excluded = excluded
        skipped = 0
        given = 0
        others = 0
        passCount = 0
        status = .accepted
        if !findings.isEmpty { findings = [] }
        for script in 0..<scripts.count {
            let number = unsafe scripts[script].number
            if excluded &>> UInt64(number) & 1 != 0 { continue }
            unsafe progress[Slot(0)] = UInt64(number &+ 1)
            unsafe scripts[script].begin(current.image())
            unsafe progress[Slot(0)] = 0
        }
    }

    /// Runs one pass through all patchers and judges the results.
    ///
    /// - Parameter isLast: true at the end of the script, so that script patchers lay out their program
    /// - Returns: the status of the pass by the rules; a case ends after a refused pass or a finding
    package mutating func run(_ pass: PassImage, isLast: Bool) -> PatchStatus {
        let input: ProgramImage<InputIndex> = current.image()
        expectation.compute(pass, on: input)
        let hasLandings = expectation.refusal != .malformed
        if oracle == .reference { judgeByReference(pass, input) }
        status = expectation.status
        let isMalformed = PassCheck.fault(in: pass, on: input) != nil
        if isMalformed != (expectation.refusal == .malformed) {
            findings.append(
                diagnosis(of: Finding.passCheckTarget, pass, input).wrongStatus(isMalformed ? .einval : .accepted))
        }
        if !isMalformed && hasLandings {
            ask(pass, input, isLast: isLast || status != .accepted)
            judge(pass, input)
        }
        passCount += 1
        if status == .accepted {
            if let fault = expectation.program.image(as: OutputIndex.self).fault() {
                findings.append(
                    Finding(
                        target: Finding.oracleTarget, rule: .illFormed, insn: "\(fault.rule)", edit: "none",
                        pass: passCount - 1,
                        place: fault.index, detail: fault.description))
            }
            expectation.program.exchangeContents(with: current)
        }
        return findings.isEmpty ? status : .einval
    }

    /// Runs the pass in every patcher that supports it.
    @inline(__always)
    private mutating func ask(_ pass: PassImage, _ input: ProgramImage<InputIndex>, isLast: Bool) {
        let demands = demands(of: pass, input)
        let foreign = hasKernel && !beyondContract ? contract.unknown(in: pass, input) : 0
        for number in 0..<lanes.count {
            let bit: UInt64 = 1 &<< UInt64(number)
            let lacking = unsafe lanes[number].unsupported.rawValue & demands.rawValue
            if unsafe lanes[number].passRunner != nil && !choosePass(number, pass, input) {
                // Most passes of a case are for other functions, so it counts as skipped only if all are.
                unsafe answers[number] = nil
                unsafe missing[number] = .otherPass
                others |= bit
                continue
            }
            if lacking != 0 || (foreign | excluded) & bit != 0 {
                unsafe answers[number] = nil
                if (skipped | excluded) & bit == 0 {
                    skipped |= bit
                    unsafe skippedCases[number] += 1
                    // Without a missing capability, the patcher's kernel does not define an instruction.
                    unsafe missing[number] = PatcherCapabilities(rawValue: lacking)
                }
                continue
            }
            given |= bit
            unsafe progress[Slot(0)] = UInt64(number &+ 1)
            if let script = unsafe lanes[number].script {
                // The program is laid out at the end only, but an error is compared at once.
                let status = unsafe scripts[script].apply(pass)
                if status != .accepted {
                    unsafe answers[number] = status
                } else {
                    unsafe answers[number] = isLast ? scripts[script].finish() : nil
                }
            } else {
                unsafe answers[number] = lanes[number].apply(pass, to: input)
            }
            unsafe progress[Slot(0)] = 0
        }
    }

    /// Chooses the pass of the kernel that makes these edits. Returns false if there is none.
    @inline(never)
    private mutating func choosePass(_ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        guard let kernel = unsafe lanes[number].kernel, let runner = unsafe lanes[number].passRunner,
            let chosen = matcher.choose(among: kernel.passes, of: kernel.release, pass, input, expectation)
        else { return false }
        runner.choose(chosen)
        return true
    }

    /// The demands of the pass that some patcher does not support.
    @inline(__always)
    private func demands(of pass: PassImage, _ input: ProgramImage<InputIndex>) -> PatcherCapabilities {
        var demands: PatcherCapabilities = []
        if unsupported.contains(.refuses) && status == .einval { demands.insert(.refuses) }
        if unsupported.contains(.stepwise)
            && (status == .einval || hasRefusedPrefix(pass, input))
        {
            demands.insert(.stepwise)
        }
        let rare: PatcherCapabilities = [
            .delete, .insert, .range, .skipJumps, .keepJump, .refs, .deadTarget, .outsideContract,
        ]
        if unsupported.rawValue & rare.rawValue != 0 { demands.formUnion(rareDemands(of: pass, input)) }
        return demands
    }

    @inline(never)
    private func rareDemands(of pass: PassImage, _ input: ProgramImage<InputIndex>) -> PatcherCapabilities {
        var demands = PassDemands(pass: pass, input: input, expectation: expectation).capabilities()
        if unsupported.contains(.outsideContract) && KernelContract.brokenClause(pass, input, expectation) != nil {
            demands.insert(.outsideContract)
        }
        return demands
    }

    /// Compares all results with the rules and with each other.
    private mutating func judge(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        let expected: ProgramImage<OutputIndex> = expectation.program.image()
        var reference: ProgramImage<OutputIndex>?
        var agree = true
        if foreigners.count > 0 { reportViolations(pass, input) }
        for number in 0..<lanes.count {
            guard let answer = unsafe answers[number] else { continue }
            if answer != status {
                if answer == .unusable || isExcused(number, pass, input) { continue }
                if isSteady(number, pass, input) {
                    add(diagnosis(of: number, pass, input).wrongStatus(answer), number, pass, input)
                }
            } else if status == .accepted {
                unsafe lanes[number].complete(from: expected)
                if let reference {
                    agree = unsafe lanes[number].isIdentical(to: reference) && agree
                } else {
                    reference = unsafe lanes[number].output.image()
                }
            }
        }
        // Results with equal bytes need one check.
        guard let reference, !(agree && reference.isIdentical(to: expected)) else { return }
        for number in 0..<lanes.count where unsafe answers[number] == .accepted {
            if unsafe lanes[number].isIdentical(to: expected) || !isSteady(number, pass, input) { continue }
            let diagnosis = diagnosis(of: number, pass, input)
            let wrong = unsafe diagnosis.wrongResult(lanes[number].output.image()) ?? diagnosis.disagreement()
            add(wrong, number, pass, input)
        }
    }

    /// Returns true if a stepwise patcher overflowed on the way to a layout that fits.
    private func isExcused(_ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        unsafe lanes[number].isStepwise && answers[number] == .erange && hasOverflowingPrefix(pass, input)
    }

    func diagnosis(of number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Diagnosis {
        unsafe diagnosis(of: lanes[number].patcher.name, pass, input)
    }

    func diagnosis(of target: String, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Diagnosis {
        Diagnosis(
            target: target, passNumber: passCount,
            words: CaseWords(pass: pass, input: input, fields: expectation.fields), isBrief: !describesFindings,
            expectation: expectation)
    }
}
