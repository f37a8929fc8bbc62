import BPF
import Patching

/// What only patchers from outside can do wrong.
extension Trial {
    /// Notes what patchers from outside did in place of giving a steady answer.
    mutating func judgeMisconduct(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        for foreigner in 0..<foreigners.count {
            let number = foreigners[foreigner].number
            guard answers[number] != nil, let misconduct = foreigners[foreigner].misconduct else { continue }
            add(diagnosis(of: number, pass, input).unusable(misconduct), number, pass, input)
        }
    }

    /// Whether a patcher from outside gives a wrong answer again; one that does not is reported for that alone.
    mutating func isSteady(_ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        for foreigner in 0..<foreigners.count where foreigners[foreigner].number == number {
            if foreigners[foreigner].misconduct != nil { return false }
            let answer = answers[number] ?? .unusable
            doubted.load(lanes[number].output.image(as: OutputIndex.self))
            progress[Slot(0)] = UInt64(number &+ 1)
            let again = lanes[number].apply(pass, to: input)
            progress[Slot(0)] = 0
            if again == .accepted { lanes[number].complete(from: expectation.program.image()) }
            lanes[number].output.exchangeContents(with: doubted)
            let misconduct =
                again != answer
                ? PatcherMisconduct(.unsteady, "status", "the same pass again gave another status")
                : answer != .accepted
                    ? nil
                    : PatcherMisconduct.difference(
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
        if beyondContract && lanes[number].kernel != nil {
            let isUnknown = contract.unknown(in: pass, input) &>> UInt64(number) & 1 != 0
            let clause = KernelContract.brokenClause(pass, input, expectation) ?? (isUnknown ? .unknown : nil)
            if let clause { finding.note(beyondContract: clause) }
        }
        findings.append(finding)
    }
}
