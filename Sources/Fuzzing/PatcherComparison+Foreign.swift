import BPF
import Patching

/// What only patchers from outside can do wrong.
extension PatcherComparison {
    /// Notes what patchers from outside did in place of giving a steady answer.
    mutating func judgeMisconduct(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        for foreigner in 0..<foreigners.count {
            let number = unsafe foreigners[foreigner].number
            guard unsafe answers[number] != nil, let misconduct = unsafe foreigners[foreigner].misconduct else {
                continue
            }
            add(diagnosis(of: number, pass, input).unusable(misconduct), number, pass, input)
        }
    }

    /// Whether a patcher from outside gives a wrong answer again; one that does not is reported for that alone.
    mutating func isSteady(_ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        for foreigner in 0..<foreigners.count where unsafe foreigners[foreigner].number == number {
            if unsafe foreigners[foreigner].misconduct != nil { return false }
            let answer = unsafe answers[number] ?? .unusable
            unsafe doubted.load(lanes[number].output.image(as: OutputIndex.self))
            unsafe progress[Slot(0)] = UInt64(number &+ 1)
            let again = unsafe lanes[number].apply(pass, to: input)
            unsafe progress[Slot(0)] = 0
            if again == .accepted { unsafe lanes[number].complete(from: expectation.program.image()) }
            unsafe lanes[number].output.exchangeContents(with: doubted)
            let misconduct =
                unsafe again != answer
                ? PatcherViolation(.unsteady, "status", "the same pass again gave another status")
                : answer != .accepted
                    ? nil
                    : PatcherViolation.difference(
                        between: lanes[number].output.image(), and: doubted.image(), for: lanes[number].capabilities)
            guard let misconduct else { return true }
            add(diagnosis(of: number, pass, input).unusable(misconduct), number, pass, input)
            return false
        }
        return true
    }

    /// Adds a finding against a patcher, which may be excused for going beyond the contract.
    mutating func add(
        _ finding: Finding, _ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>
    ) {
        var finding = finding
        if unsafe beyondContract && lanes[number].kernel != nil {
            let isUnknown = contract.unknown(in: pass, input) &>> UInt64(number) & 1 != 0
            let clause = KernelContract.brokenClause(pass, input, expectation) ?? (isUnknown ? .unknown : nil)
            if let clause { finding.note(beyondContract: clause) }
        }
        findings.append(finding)
    }
}
