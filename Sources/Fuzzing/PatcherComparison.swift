import BPF
import Patching

/// Puts cases through all patchers side by side and lets the oracle judge every result.
///
/// Made once and reused for the whole run: nothing is allocated for a case without a finding once the buffers have grown.
///
/// Two judges look at each pass. One holds all results against each other, byte by byte; results that are the same have one
/// verdict. The other holds a result against what the rules give (``Expectation``): the row of markers, the landing of
/// each jump, aux words, subprograms, lines. A difference between results of which the second judge says nothing would be
/// a hole in it, and is a finding too.
///
/// Patchers are numbered in the order in which they were handed in. One is spared a pass that demands what it cannot do, and
/// the parts of a result that it does not fill in are those of the rules.
package struct PatcherComparison: ~Copyable {
    let lanes: UncheckedBoxes<Lane>
    private let scripts: UncheckedBoxes<ScriptLane>
    let foreigners: UncheckedBoxes<ForeignLane>
    /// What each patcher said of this pass, or `nil` when it was not asked.
    let answers: UncheckedBoxes<PatchStatus?>
    /// In how many cases each patcher was spared a pass.
    private let sparedCases: UncheckedBoxes<Int>
    /// In how many cases each patcher carried out a pass, but for those that ``ranRow`` counts.
    private let ranCases: UncheckedBoxes<Int>
    /// Whether this case is among them.
    private var isNoted = false
    /// How many cases in a row before this one were carried out by the same patchers, and by which.
    private var ranRow = (ran: UInt64(0), cases: 0)
    /// The patchers that were spared a pass of this case, and those that are not asked in it at all: a bit for each.
    private var spared: UInt64 = 0
    private var excluded: UInt64 = 0
    /// The patchers that were given a pass of this case: a bit for each.
    private(set) var given: UInt64 = 0
    /// What each patcher that was spared a pass of this case cannot do.
    private let sparedFor: UncheckedBoxes<PatcherCapabilities>
    var expectation = Expectation()
    let contract: KernelContract
    let oracle: Oracle
    /// All that some patcher cannot do.
    private let sparing: PatcherCapabilities
    /// Whether some patcher is made of the kernel's functions, and whether such a patcher is given all the same what
    /// these do not assume.
    private let hasKernel: Bool
    let beyondContract: Bool
    /// True if findings have sentences and details.
    private let describesFindings: Bool
    /// The answer that a patcher from outside is tested for again.
    let doubted = ProgramBuffer()
    /// Holds one number more than that of the patcher that is at work, and 0 while none is.
    let progress: UnsafeTypedBuffer<Slot, UInt64>
    private let ownProgress = Scratch<UInt64>(capacity: 1)
    /// The program before the pass.
    let current = ProgramBuffer()
    /// What was wrong with the case so far.
    package internal(set) var findings: [Finding] = []
    /// How many passes of the case have been run.
    package private(set) var passCount = 0
    /// What became of the last pass.
    package private(set) var status = PatchStatus.accepted

    /// Makes a trial of some patchers, at most 64.
    ///
    /// - Parameters:
    ///   - beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    ///   - oracle: the oracle that judges
    ///   - describesFindings: false where findings are only counted by their buckets
    ///   - progress: a word in which to keep the number of the patcher that is at work, plus 1; 0 while none is
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
        sparedCases = UncheckedBoxes(count: patchers.count) { _ in 0 }
        sparedFor = UncheckedBoxes(count: patchers.count) { _ in [] }
        ranCases = UncheckedBoxes(count: patchers.count) { _ in 0 }
        var sparing: PatcherCapabilities = []
        var contract = KernelContract()
        var hasKernel = false
        for number in 0..<lanes.count {
            unsafe sparing.formUnion(lanes[number].spares)
            guard let kernel = unsafe lanes[number].kernel else { continue }
            hasKernel = true
            contract.hold(number, to: kernel)
        }
        self.sparing = sparing
        self.contract = contract
        self.hasKernel = hasKernel
        self.beyondContract = beyondContract
        self.oracle = oracle
        self.describesFindings = describesFindings
        self.progress = progress ?? ownProgress.buffer()
        unsafe self.progress[Slot(0)] = 0
    }

    /// In how many cases so far a patcher was spared a pass that it cannot do.
    package func sparedCases(of patcher: Int) -> Int { unsafe sparedCases[patcher] }

    /// Why a patcher was given no pass of this case; `nil` when it was given one, or was excluded.
    func reasonNotGiven(_ patcher: Int) -> String? {
        let bit: UInt64 = 1 &<< UInt64(patcher)
        if (given | excluded) & bit != 0 { return nil }
        if spared & bit != 0 { return unsafe SparingReason.text(sparedFor[patcher]) }
        return passCount == 0 ? SparingReason.noPass : SparingReason.malformed
    }

    /// In how many cases so far, this one included, a patcher carried out at least one pass.
    package mutating func ranCases(of patcher: Int) -> Int {
        noteRan()
        countRan()
        return unsafe ranCases[patcher]
    }

    /// Notes which patchers carried out the case that is over; cheap, since it is mostly the same ones.
    @inline(__always)
    private mutating func noteRan() {
        if isNoted { return }
        isNoted = true
        if given == ranRow.ran {
            ranRow.cases &+= 1
        } else if given != 0 {
            countRan()
            ranRow = (given, 1)
        }
    }

    /// Counts the cases in a row for each patcher.
    @inline(never)
    private mutating func countRan() {
        for number in 0..<lanes.count where ranRow.ran &>> UInt64(number) & 1 != 0 {
            unsafe ranCases[number] += ranRow.cases
        }
        ranRow.cases = 0
    }

    /// The program as it stands: the input of the next pass, or the result of the last one.
    package var program: ProgramImage<InputIndex> { current.image() }

    /// Starts a case.
    ///
    /// - Parameters:
    ///   - program: a well-formed program
    ///   - excluded: the patchers that are not asked in this case, a bit for each
    /// - Complexity: O(slots)
    package mutating func begin(_ program: ProgramImage<InputIndex>, excluding excluded: UInt64 = 0) {
        current.load(program)
        begin(excluding: excluded)
    }

    /// Starts a case with the program that ``current`` holds.
    mutating func begin(excluding excluded: UInt64) {
        noteRan()
        isNoted = false
        self.excluded = excluded
        spared = 0
        given = 0
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
    /// - Parameter isLast: whether the script ends here, so that patchers that carry it as a whole lay it out
    /// - Returns: what becomes of the pass by the rules; the case ends when it is refused or something was found
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

    /// Lets every patcher that is given the pass carry it out.
    @inline(__always)
    private mutating func ask(_ pass: PassImage, _ input: ProgramImage<InputIndex>, isLast: Bool) {
        let demands = demands(of: pass, input)
        let foreign = hasKernel && !beyondContract ? contract.unknown(in: pass, input) : 0
        for number in 0..<lanes.count {
            let bit: UInt64 = 1 &<< UInt64(number)
            if unsafe lanes[number].spares.rawValue & demands.rawValue != 0 || (foreign | excluded) & bit != 0 {
                unsafe answers[number] = nil
                if (spared | excluded) & bit == 0 {
                    spared |= bit
                    unsafe sparedCases[number] += 1
                    // Without a demand, it is the kernel that it is made of that does not know an instruction.
                    unsafe sparedFor[number] = PatcherCapabilities(
                        rawValue: lanes[number].spares.rawValue & demands.rawValue)
                }
                continue
            }
            given |= bit
            unsafe progress[Slot(0)] = UInt64(number &+ 1)
            if let script = unsafe lanes[number].script {
                // It is laid out only at the end, but an error on the way is looked at where it happens.
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

    /// What the pass demands, as far as some patcher cannot do it.
    @inline(__always)
    private func demands(of pass: PassImage, _ input: ProgramImage<InputIndex>) -> PatcherCapabilities {
        var demands: PatcherCapabilities = []
        if sparing.contains(.refuses) && status == .einval { demands.insert(.refuses) }
        if sparing.contains(.stepwise)
            && (status == .einval || hasRefusedPrefix(pass, input))
        {
            demands.insert(.stepwise)
        }
        let rare: PatcherCapabilities = [
            .delete, .insert, .range, .skipJumps, .keepJump, .refs, .deadTarget, .outsideContract,
        ]
        if sparing.rawValue & rare.rawValue != 0 { demands.formUnion(rareDemands(of: pass, input)) }
        return demands
    }

    @inline(never)
    private func rareDemands(of pass: PassImage, _ input: ProgramImage<InputIndex>) -> PatcherCapabilities {
        var demands = PassDemands(pass: pass, input: input, expectation: expectation).capabilities()
        if sparing.contains(.outsideContract) && KernelContract.brokenClause(pass, input, expectation) != nil {
            demands.insert(.outsideContract)
        }
        return demands
    }

    /// Holds all results against the rules and against each other.
    private mutating func judge(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        let expected: ProgramImage<OutputIndex> = expectation.program.image()
        var reference: ProgramImage<OutputIndex>?
        var agree = true
        if foreigners.count > 0 { judgeMisconduct(pass, input) }
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
        // Results that are the same bytes have one verdict.
        guard let reference, !(agree && reference.isIdentical(to: expected)) else { return }
        for number in 0..<lanes.count where unsafe answers[number] == .accepted {
            if unsafe lanes[number].isIdentical(to: expected) || !isSteady(number, pass, input) { continue }
            let diagnosis = diagnosis(of: number, pass, input)
            let wrong = unsafe diagnosis.wrongResult(lanes[number].output.image()) ?? diagnosis.disagreement()
            add(wrong, number, pass, input)
        }
    }

    /// Whether a stepwise patcher overflowed on the way to a layout that fits.
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
