import BPF
import Fuzzing
import Patching

/// The oracle's results for a case, pass by pass.
struct CaseHistory {
    /// A pass with its result or its refusal.
    struct Step {
        var pass: Pass
        var input: Program
        var status: PatchStatus
        /// `nil` for a refused pass.
        var result: Program?
        /// The reason of a refusal; it begins with the error's name.
        var refusal: String?
        /// The malformed edit, if that is the reason.
        var malformed: MalformedEdit?
        /// The slot of the would-be result whose jump has no target or a target out of range.
        var faultPlace: Int?
    }

    /// The passes up to the first refused one.
    private(set) var steps: [Step] = []

    /// Runs a case through the oracle.
    ///
    /// - Throws: the program's fault if it is ill formed
    init(_ c: Case, _ oracle: Oracle = .fast) throws(ProgramFault) {
        if let fault = c.program.fault() { throw fault }
        var expectation = Expectation()
        let buffer = ProgramBuffer()
        let edits = PassBuffer()
        var program = c.program
        for pass in c.passes {
            buffer.load(program)
            edits.load(pass)
            expectation.compute(edits.image, on: buffer.image(), by: oracle)
            var step = Step(pass: pass, input: program, status: expectation.status)
            if expectation.status == .accepted {
                program = Program(expectation.program.image(as: OutputIndex.self))
                step.result = program
                steps.append(step)
                continue
            }
            let malformed = PassCheck.fault(in: edits.image, on: buffer.image())
            step.malformed = malformed
            step.refusal = Self.words(expectation, malformed)
            if let place = expectation.refusalPlace {
                step.faultPlace = place.position
            }
            steps.append(step)
            break
        }
    }

    /// The correct outcome of the case.
    func outcome(of c: Case) -> Case.Expectation {
        if let last = steps.last, last.result == nil { return .error(last.status) }
        let program = steps.last?.result ?? c.program
        return .result(
            insns: program.insns, aux: program.aux, subprograms: program.subprograms, lines: program.lines)
    }

    private static func words(_ expectation: borrowing Expectation, _ malformed: MalformedEdit?) -> String {
        let name = expectation.status.errorName ?? ""
        switch expectation.refusal {
        case .malformed:
            guard let malformed else { return "\(name): the pass is malformed" }
            let slot = malformed.rule.isAboutSlot ? ", P\(malformed.slot)" : ""
            return "\(name), malformed: edit \(malformed.edit + 1)\(slot): \(malformed.rule.rawValue)"
        case .dangling: return "\(name): the target of a jump is gone or in another subprogram"
        case .empty: return "\(name): the result has no instructions or no subprogram"
        case .overflow, nil: return "\(name): an offset does not fit 16 bits"
        }
    }
}
