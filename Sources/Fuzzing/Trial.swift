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
        let isStepwise: Bool
        let output: ProgramBuffer
        /// Where the same patcher stands among those that carry a whole script on one form of the program.
        let script: Int?

        init(_ patcher: any Patcher, output: ProgramBuffer, script: Int?) {
            self.patcher = patcher
            self.output = output
            self.script = script
            isStepwise = patcher.isStepwise
        }

        @inline(__always)
        borrowing func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>) -> PatchStatus {
            patcher.apply(pass, to: input, into: output)
        }

        @inline(__always)
        borrowing func isIdentical(to program: ProgramImage<OutputIndex>) -> Bool {
            output.image(as: OutputIndex.self).isIdentical(to: program)
        }
    }

    /// A patcher that carries a whole script.
    ///
    /// In a row of its own, since a reference out of an optional is counted whenever it is used; and each use is a
    /// look at the row, since one that lasts over two calls is counted as well.
    struct ScriptLane: ~Copyable {
        let patcher: any ScriptPatcher
        let output: ProgramBuffer

        @inline(__always)
        borrowing func begin(_ input: ProgramImage<InputIndex>) { patcher.begin(input) }

        @inline(__always)
        borrowing func apply(_ pass: PassImage) -> PatchStatus { patcher.apply(pass) }

        @inline(__always)
        borrowing func finish() -> PatchStatus { patcher.finish(into: output) }
    }

    private let lanes: CellRow<Lane>
    private let scripts: CellRow<ScriptLane>
    /// What each patcher said of this pass, or `nil` when it was not asked.
    private let answers: CellRow<PatchStatus?>
    private var expectation = Expectation()
    private let hasStepwise: Bool
    private let own: RowStorage<UInt64>
    private let asked: Row<TableIndex, UInt64>
    private var spared: UInt64 = 0
    /// The program before the pass.
    private let current = ProgramBuffer()
    /// What was wrong with the case so far.
    public private(set) var findings: [Finding] = []
    /// How many passes of the case have been run.
    public private(set) var passCount = 0
    /// What became of the last pass.
    public private(set) var status = PatchStatus.accepted

    /// Makes a trial of some patchers.
    ///
    /// - Parameter asked: where one more than the number of the patcher that is being asked is written, or 0
    public init(_ patchers: [any Patcher], asked: Row<TableIndex, UInt64>? = nil) {
        let own = RowStorage<UInt64>()
        self.asked = asked ?? own.row()
        self.own = own
        var scripts: [(patcher: any ScriptPatcher, output: ProgramBuffer)] = []
        lanes = CellRow(count: patchers.count) { number in
            let output = ProgramBuffer()
            guard let patcher = patchers[number] as? any ScriptPatcher else {
                return Lane(patchers[number], output: output, script: nil)
            }
            scripts.append((patcher, output))
            return Lane(patcher, output: output, script: scripts.count - 1)
        }
        self.scripts = CellRow(count: scripts.count) { [scripts] number in
            ScriptLane(patcher: scripts[number].patcher, output: scripts[number].output)
        }
        answers = CellRow(count: patchers.count) { _ in nil }
        hasStepwise = patchers.contains { $0.isStepwise }
    }

    /// The program as it stands: the input of the next pass, or the result of the last one.
    public var program: ProgramImage<InputIndex> { current.image() }

    /// Starts a case.
    ///
    /// - Parameter program: a well-formed program
    /// - Complexity: O(slots)
    public mutating func begin(_ program: ProgramImage<InputIndex>, sparing spared: UInt64 = 0) {
        current.load(program)
        self.spared = spared
        passCount = 0
        status = .accepted
        if !findings.isEmpty { findings = [] }
        for number in 0..<scripts.count { scripts[number].begin(current.image()) }
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
            expectation.program.exchangeContents(with: current)
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
        defer { asked[TableIndex(0)] = 0 }
        for number in 0..<lanes.count {
            if spared & 1 << UInt64(number) != 0 {
                answers[number] = nil
                continue
            }
            asked[TableIndex(0)] = UInt64(number + 1)
            if isForbidden && lanes[number].isStepwise {
                answers[number] = nil
            } else if let script = lanes[number].script {
                // It is laid out only at the end, but an error on the way is looked at where it happens.
                let status = scripts[script].apply(pass)
                if status != .accepted {
                    answers[number] = status
                } else {
                    answers[number] = isLast ? scripts[script].finish() : nil
                }
            } else {
                answers[number] = lanes[number].apply(pass, to: input)
            }
        }
    }

    /// Holds all results against the rules and against each other.
    private mutating func judge(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        let expected: ProgramImage<OutputIndex> = expectation.program.image()
        var reference: ProgramImage<OutputIndex>?
        var agree = true
        for number in 0..<lanes.count {
            guard let answer = answers[number] else { continue }
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
        for number in 0..<lanes.count where answers[number] == .accepted {
            if lanes[number].isIdentical(to: expected) { continue }
            let diagnosis = diagnosis(of: number, pass, input)
            findings.append(diagnosis.wrongResult(lanes[number].output.image()) ?? diagnosis.disagreement())
        }
    }

    /// Whether a stepwise patcher overflowed on the way to a layout that fits.
    private func isExcused(_ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        lanes[number].isStepwise && answers[number] == .erange
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
