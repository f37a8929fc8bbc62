import BPF
import Patching

/// Violations of patchers from outside.
extension PatcherComparison {
    /// Makes allocations fail in patchers built from kernel functions, until the next call.
    func setFailures(_ failures: AllocationFailures?) {
        for foreigner in 0..<foreigners.count { unsafe foreigners[foreigner].setFailures(failures) }
    }

    /// Reports violations of the patcher interface.
    mutating func reportViolations(_ pass: PassImage, _ input: ProgramImage<InputIndex>) {
        for foreigner in 0..<foreigners.count {
            let number = unsafe foreigners[foreigner].number
            guard unsafe answers[number] != nil, let violation = unsafe foreigners[foreigner].violation else {
                continue
            }
            add(diagnosis(of: number, pass, input).unusable(violation), number, pass, input)
        }
    }

    /// Returns true if a patcher from outside repeats its wrong result; a patcher that does not is reported as unsteady
    /// only.
    mutating func isSteady(_ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        for foreigner in 0..<foreigners.count where unsafe foreigners[foreigner].number == number {
            if unsafe foreigners[foreigner].violation != nil { return false }
            let answer = unsafe answers[number] ?? .unusable
            unsafe doubted.load(lanes[number].output.image(as: OutputIndex.self))
            unsafe progress[Slot(0)] = UInt64(number &+ 1)
            let again = unsafe lanes[number].apply(pass, to: input)
            unsafe progress[Slot(0)] = 0
            if again == .accepted { unsafe lanes[number].complete(from: expectation.program.image()) }
            unsafe lanes[number].output.exchangeContents(with: doubted)
            let violation =
                unsafe again != answer
                ? PatcherViolation(.unsteady, "status", "a second run of the pass returned another status")
                : answer != .accepted
                    ? nil
                    : PatcherViolation.difference(
                        between: lanes[number].output.image(), and: doubted.image(), for: lanes[number].capabilities)
            guard let violation else { return true }
            add(diagnosis(of: number, pass, input).unusable(violation), number, pass, input)
            return false
        }
        return true
    }

    /// Adds a finding against a patcher, and marks it if the pass is beyond the kernel's contract.
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
