import BPF
import Fuzzing

/// What a kernel gave and what it must give, in words, as far as a case says.
struct KernelFaultWords {
    /// What the kernel gave: `slot 7 call L9`.
    let given: String
    /// What it must give in the same place; `nil` where the rules do not say.
    let must: String?
    /// True if the load itself is what was found.
    let isAboutLoad: Bool
    /// True if the case says the same of both, and so nothing of the fault: as early versions did.
    let isContradictory: Bool

    /// - Complexity: O(1)
    init(_ c: Case) {
        let sight = c.loading?.sight
        let rule = c.bucket.flatMap(Bucket.rule(of:))
        isAboutLoad = sight == nil && [.crash, .hang, .memory].contains(rule)
        // Earlier files leave it to the rules.
        let right = c.loading?.must ?? (c.loading?.given == nil ? sight?.ruled(by: c.expected) : nil)
        isContradictory = right.map { right in sight.map { right.isSame(as: $0) } ?? false } ?? false
        switch sight {
        case .refusal(let text)?:
            (given, must) = ("refused, and the verifier says: \(text)", nil)
        case .value(let value, let flags)?:
            given = Case.Loading.Observed.text(value, flags)
            if case .value(let value, let flags)? = c.loading?.must {
                must = Case.Loading.Observed.text(value, flags).replacing(
                    " with", with: ", as with", maxReplacements: 1)
            } else {
                must = nil
            }
        case let sight?:
            // Compiled calls are told as the calls that they are.
            let compared = Self.compared(sight, c)
            given = compared?.given ?? Self.text(sight)
            must = isContradictory ? nil : compared?.must ?? right.map(Self.text)
        case nil: (given, must) = (Self.words(for: rule), nil)
        }
    }

    /// Both in one sentence.
    var sentence: String {
        guard let must else { return given }
        return "the kernel gives \(given); it must give \(must)"
    }

    /// What was seen in the slots of what must be, where both are in the case and differ in that place.
    private static func compared(_ sight: Case.Loading.Observed, _ c: Case) -> (given: String, must: String)? {
        guard case .insn(let slot, let insn, _) = sight, let program = c.loading?.given,
            case .result(let insns?, _, _, _) = c.expected, insns.indices.contains(slot),
            program.insns.indices.contains(slot), program.insns[slot] != insns[slot],
            program.insns[slot].code == insn.code, program.insns.count == insns.count
        else { return nil }
        return (text(slot, program.insns), text(slot, insns))
    }

    private static func text(_ slot: Int, _ insns: [Instruction]) -> String {
        "slot \(slot) " + Listing("", Program(insns: insns)).text(of: slot)
    }

    private static func text(_ sight: Case.Loading.Observed) -> String {
        if case .target(let slot, let number) = sight {
            return "slot \(slot) with the address of " + (number.map { "subprogram \($0)" } ?? "no subprogram")
        }
        guard case .insn(let slot, let insn, let second) = sight, insn.jumpKind != .none, insn.jumpKind != .call else {
            return sight.text
        }
        return "slot \(slot) "
            + Disassembler.text(of: insn, secondSlot: second ?? (insn.isWide ? .zero : nil)) {
                .label("L\(slot + 1 + $0)")
            }
    }

    /// What happened when there was nothing to be read back.
    private static func words(for rule: BrokenRule?) -> String {
        switch rule {
        case .crash: "loading the program ended the process"
        case .hang: "loading the program hangs"
        case .memory: "loading the program took more memory than a process is given"
        case .execution: "the program gave another value than it gives without the rewrites"
        default: "the case does not say what was seen"
        }
    }
}
