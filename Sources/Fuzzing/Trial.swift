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
public struct Trial: ~Copyable {
    /// A patcher and the memory for its result.
    struct Lane: ~Copyable {
        let patcher: any Patcher
        /// The same patcher when it carries a whole script on one form of the program.
        let script: (any ScriptPatcher)?
        let isStepwise: Bool
        let output = ProgramBuffer()
        /// What it said of this pass, or `nil` when it was not asked.
        var answer: PatchStatus?

        init(_ patcher: any Patcher) {
            self.patcher = patcher
            script = patcher as? any ScriptPatcher
            isStepwise = patcher.isStepwise
        }

        /// Lets the patcher carry out a pass.
        @inline(__always)
        mutating func ask(_ pass: PassImage, _ input: ProgramImage<InputIndex>, isLast: Bool) {
            if let script {
                // It is laid out only at the end, but an error on the way is looked at where it happens.
                let status = script.apply(pass)
                answer = status != .accepted ? status : isLast ? script.finish(into: output) : nil
            } else {
                answer = patcher.apply(pass, to: input, into: output)
            }
        }

        @inline(__always)
        func isIdentical(to program: ProgramImage<OutputIndex>) -> Bool {
            output.image(as: OutputIndex.self).isIdentical(to: program)
        }
    }

    private let lanes: CellRow<Lane>
    private var expectation = Expectation()
    private let hasStepwise: Bool
    /// The program before the pass.
    private var current = ProgramBuffer()
    /// What was wrong with the case so far.
    public private(set) var findings: [Finding] = []
    /// How many passes of the case have been run.
    public private(set) var passCount = 0
    /// What became of the last pass.
    public private(set) var status = PatchStatus.accepted

    /// Makes a trial of some patchers.
    public init(_ patchers: [any Patcher]) {
        lanes = CellRow(count: patchers.count) { Lane(patchers[$0]) }
        hasStepwise = patchers.contains { $0.isStepwise }
    }

    /// The program as it stands: the input of the next pass, or the result of the last one.
    public var program: ProgramImage<InputIndex> { current.image() }

    /// Starts a case.
    ///
    /// - Parameter program: a well-formed program
    /// - Complexity: O(slots)
    public mutating func begin(_ program: ProgramImage<InputIndex>) {
        current.load(program)
        passCount = 0
        status = .accepted
        if !findings.isEmpty { findings = [] }
        for number in 0..<lanes.count { lanes[number].script?.begin(current.image()) }
    }

    /// Runs one pass through all patchers and judges the results.
    ///
    /// - Parameter isLast: whether the script ends here, so that patchers that carry it as a whole lay it out
    /// - Returns: what becomes of the pass by the rules; the case ends when it is refused or something was found
    public mutating func run(_ pass: PassImage, isLast: Bool) -> PatchStatus {
        let input: ProgramImage<InputIndex> = current.image()
        expectation.compute(pass, on: input)
        status = expectation.status
        let isMalformed = PassCheck.fault(in: pass, on: input) != nil
        if isMalformed != (expectation.refusal == .malformed) {
            findings.append(
                diagnosis(of: "pass-check", pass, input).wrongStatus(isMalformed ? .einval : .accepted))
        }
        if !isMalformed {
            ask(pass, input, isLast: isLast || status != .accepted)
            judge(pass, input)
        }
        passCount += 1
        if status == .accepted {
            if let fault = expectation.program.image(as: OutputIndex.self).fault() {
                findings.append(
                    Finding(
                        target: "oracle", rule: .illFormed, insn: "\(fault.rule)", edit: "none", pass: passCount - 1,
                        place: fault.index, detail: fault.description))
            }
            expectation.exchangeProgram(with: &current)
        }
        return findings.isEmpty ? status : .einval
    }

    /// Lets every patcher that is given the pass carry it out.
    @inline(__always)
    private func ask(_ pass: PassImage, _ input: ProgramImage<InputIndex>, isLast: Bool) {
        let isForbidden =
            hasStepwise
            && (status == .einval
                || StepwisePrefixes(pass: pass, input: input, expectation: expectation).hasRefused())
        for number in 0..<lanes.count {
            if isForbidden && lanes[number].isStepwise {
                lanes[number].answer = nil
            } else {
                lanes[number].ask(pass, input, isLast: isLast)
            }
        }
    }

    /// Holds all results against the rules and against each other.
    private mutating func judge(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        let expected: ProgramImage<OutputIndex> = expectation.program.image()
        var reference: ProgramImage<OutputIndex>?
        var agree = true
        for number in 0..<lanes.count {
            guard let answer = lanes[number].answer else { continue }
            if answer != status {
                if isExcused(number, pass, input) { continue }
                findings.append(diagnosis(of: number, pass, input).wrongStatus(answer))
            } else if status == .accepted {
                if let reference {
                    agree = lanes[number].isIdentical(to: reference) && agree
                } else {
                    reference = lanes[number].output.image()
                }
            }
        }
        // Results that are the same bytes have one verdict.
        guard let reference, !(agree && reference.isIdentical(to: expected)) else { return }
        for number in 0..<lanes.count where lanes[number].answer == .accepted {
            if lanes[number].isIdentical(to: expected) { continue }
            let diagnosis = diagnosis(of: number, pass, input)
            findings.append(diagnosis.wrongResult(lanes[number].output.image()) ?? diagnosis.disagreement())
        }
    }

    /// Whether a stepwise patcher overflowed on the way to a layout that fits.
    private func isExcused(_ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        lanes[number].isStepwise && lanes[number].answer == .erange
            && StepwisePrefixes(pass: pass, input: input, expectation: expectation).overflows()
    }

    private func diagnosis(of number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Diagnosis {
        diagnosis(of: lanes[number].patcher.name, pass, input)
    }

    private func diagnosis(of target: String, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Diagnosis {
        Diagnosis(
            target: target, passNumber: passCount,
            words: CaseWords(pass: pass, input: input, fields: expectation.fields), expectation: expectation)
    }
}
