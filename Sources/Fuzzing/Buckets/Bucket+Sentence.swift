import BPF

extension Bucket {
    /// The fault, in one sentence without numbers and without the target's name.
    package var sentence: String { sentence(nil) }

    /// The sentence for a bucket of any form.
    package static func sentence(of text: String) -> String {
        Bucket(text)?.sentence ?? "a finding that this version does not know"
    }

    /// The same sentence with a fact that is not in the bucket.
    func sentence(_ fact: FindingFact?) -> String {
        words(fact) + (isBeyondContract ? Self.beyondContractWords : "")
    }

    /// The words for a pass beyond the contract.
    static let beyondContractWords = ", beyond what the kernel's functions assume"

    private func words(_ fact: FindingFact?) -> String {
        switch rule {
        case .error: return status(fact)
        case .layout: return layout(fact)
        case .encoding: return encoding
        case .wrongLanding: return landing(fact)
        case .aux:
            return "the aux word of \(insnPhrase)\(near) \(fact == .lost ? "is lost" : "is wrong")"
        case .subprogram, .line: return table(fact)
        case .illFormed:
            let fault = ProgramFault.Rule.allCases.first { "\($0)" == insn }
            return "the result of the rules is ill formed" + (fault.map { ": \($0.rawValue)" } ?? "")
        case .disagreement: return "the bytes of the result differ from those of the other patchers"
        case .crash: return crash
        case .hang: return isOfKernel ? "loading the program does not end" : "the patcher does not return in time"
        case .memory:
            return isOfKernel
                ? "loading the program takes more memory than allowed" : "the patcher takes more memory than allowed"
        case .wildWrite: return wildWrite + inPass
        case .inputWritten: return "the patcher writes to the \(Self.part(insn)) of its input" + inPass
        case .badStatus: return "the patcher returns \(badStatus), which is no status of a patcher" + inPass
        case .unsteady:
            return "the patcher returns another \(insn == "status" ? "status" : "result: other \(Self.part(insn)),") "
                + "for the same pass again" + inPass
        case .notUnderstood:
            let place = insn == "end" ? "at the end of the program" : "at \(insnPhrase)"
            return "the kernel's rewrite \(place) is not understood"
        case .kernelLog where insn == "probe": return "the kernel complains about the probe of \(edit)"
        case .kernelLog where insn == "taint":
            return "the kernel gets the taint flag \(edit.uppercased()) while the program is loaded"
        case .kernelLog:
            let place = edit == "none" ? "" : " in \(edit.replacing("-", with: "_"))"
            return "the kernel's log has \(complaint)\(place) about the program"
        case .execution where insn == UpperHalfReads.word:
            return "the kernel fills the upper half of a register that is read later"
        case .execution:
            return "a program of type \(insn.replacing("-", with: "_")) returns another value after rewriting"
        }
    }

    // MARK: Parts of sentences

    private var isOfKernel: Bool { target == Finding.kernelTarget }
    private var editKind: EditKind? { EditKind(rawValue: edit) }

    /// The kind of a complaint in the kernel's log, with an article.
    private var complaint: String {
        switch insn {
        case "kasan", "ubsan": "a report of \(insn.uppercased())"
        case "oops": "an oops"
        default: "a \(insn.replacing("-", with: " "))"
        }
    }

    /// The instruction with an article.
    private var insnPhrase: String { InstructionWord(insn)?.phrase ?? "an instruction (\(insn))" }

    /// The edit with an article, or `nil` if there is none.
    private var editPhrase: String? {
        editKind.map { $0 == .none ? nil : $0.phrase } ?? "an edit (\(edit))"
    }

    private var near: String { editPhrase.map { " near \($0)" } ?? "" }

    /// The pass in which a patcher misbehaves, if it is known.
    private var inPass: String { editPhrase.map { ", given a pass with \($0)" } ?? "" }

    private static func part(_ word: String) -> String {
        switch word {
        case "insns": "instructions"
        case "aux": "aux words"
        case "subprogs": "subprograms"
        case "lines": "line records"
        case "image": "head"
        case "edits": "edits"
        case "patch": "patches"
        default: word
        }
    }

    // MARK: Rules

    private func status(_ fact: FindingFact?) -> String {
        let pass = "a pass with \(editKind == EditKind.none ? "no edits" : editPhrase ?? "no edits")"
        switch insn {
        case VerifierBugWord.plain, VerifierBugWord.unexplained:
            let words = edit == "none" ? "" : ": \(edit.replacing("-", with: " "))"
            let rest = insn == VerifierBugWord.plain ? "" : "; no known fault predicts it for this program"
            return "the verifier reports a bug of its own" + words + rest
        case "damaged-by-failed-allocation": return "\(pass) leaves a damaged program after a failed allocation"
        case "damaged-by-refusal": return "\(pass) is refused and leaves a changed program"
        case "stale-table": return "\(pass) leaves tables of the kernel that do not follow the program"
        case "leak": return "\(pass) leaks memory"
        default: break
        }
        if insn.hasPrefix("stale-table-") {
            let table = insn.dropFirst("stale-table-".count).replacing("-", with: "_")
            return "\(pass) leaves a wrong \(table), a table of the kernel"
        }
        let names = insn.split(separator: "-").map(String.init)
        guard names.count == 3, names[1] == "became" else { return "\(pass) returns a wrong status (\(insn))" }
        let (wanted, got) = (names[0], names[2])
        if isOfKernel {
            let words = edit == "none" ? "" : ": \(edit.replacing("-", with: " "))"
            return "a valid program is refused with \(got.uppercased())" + words
        }
        let outcome = got == "accepted" ? "is accepted" : "is refused with \(got.uppercased())"
        if wanted == "accepted" { return "\(pass) \(outcome) and must be accepted" }
        var words = "\(pass) \(outcome) and must be refused with \(wanted.uppercased())"
        if case .refusal(let reason) = fact { words += ": \(reason.sentence)" }
        return words
    }

    private func layout(_ fact: FindingFact?) -> String {
        switch (editKind, fact) {
        case (.missing, _): "\(insnPhrase) that can be reached is missing from the result"
        case (.left, _): "\(insnPhrase) that must be removed is still in the result"
        case (_, .tooShort): "the result ends too early: \(insnPhrase)\(near) is missing"
        case (_, .tooLong): "the result is too long: it goes on with \(insnPhrase)\(near)"
        default: "another instruction is in the place of \(insnPhrase)\(near)"
        }
    }

    private var encoding: String {
        switch insn {
        case "helper-address": "a helper is called at an address that does not go with other calls"
        case "helper-inlining": "a helper is inlined in one place and called in another"
        case "far-call": "a call is shown with its offset cut to 16 bits"
        case UpperHalfReads.word: "the kernel fills the upper half of a register that is read later"
        case "stack-counter": "the counter of may_goto is in a wrong stack slot"
        case "stack-saved": "an inlined bpf_loop saves registers in a wrong stack slot"
        case "context-field": "an access of a context reaches another field of the kernel"
        case _ where insn.hasPrefix("unblinded-"): "a constant is not blinded"
        case _ where isOfKernel && InstructionWord(insn) == nil && editKind == .patch:
            "an instruction in the patch of a rewrite is wrong (\(insn))"
        case _ where isOfKernel && InstructionWord(insn) == nil:
            "a value in the patch of a rewrite is wrong (\(insn))"
        default: "\(insnPhrase)\(near) has other bits than its offset changed"
        }
    }

    private func landing(_ fact: FindingFact?) -> String {
        if insn.hasSuffix("-number") {
            let word = InstructionWord(String(insn.dropLast("-number".count)))
            return "\(word?.phrase ?? "a call") names another subprogram than it leads to"
        }
        let subject = insn == "jump" ? "a jump" : insnPhrase
        if editKind == .blinding { return "\(subject) lands in the middle of a blinded instruction" }
        if fact == .removedTarget { return "\(subject) leads to code that was removed" }
        let role = InstructionWord(insn)?.role
        var found = "on a wrong instruction"
        var relation = role == .inPatch ? "for" : "to or across"
        if case .landing(let landing) = fact {
            found = landing.site.rawValue + (landing.isUnchanged ? FindingFact.unchangedOffset : "")
            relation = role == .inPatch ? "for" : landing.relation.preposition
        }
        // A kept jump and its patch are named already.
        let isNamed = role == .kept && relation == "for"
        guard let editPhrase, !isNamed else { return "\(subject) lands \(found)" }
        let pause = role == nil ? "" : ","
        return "\(subject)\(pause) \(relation) \(editPhrase)\(pause) lands \(found)"
    }

    private func table(_ fact: FindingFact?) -> String {
        let row = rule == .line ? "line record" : "subprogram"
        if editKind == .blinding {
            return insn == "shared"
                ? "blinding one function moves the line records of all functions"
                : "a \(row) starts in the middle of a blinded instruction"
        }
        switch insn {
        case "missing": return "a \(row)\(near) is missing"
        case "extra": return "a \(row)\(near) must be gone and is not"
        default: return "a \(row)\(near) \(fact == .otherID ? "has the id of another" : "is at a wrong slot")"
        }
    }

    private var crash: String {
        let start = isOfKernel ? "loading the program ends the process" : "the patcher crashes"
        if insn.hasPrefix("reads-past-") {
            return "\(start): it reads past the end of the \(Self.part(String(insn.dropFirst(11))))"
        }
        if insn.hasPrefix("asan-") { return "\(start): AddressSanitizer reports \(insn.dropFirst(5))" }
        switch insn {
        case "stack-overflow": return "\(start): it runs out of stack"
        case "exit": return isOfKernel ? start : "the patcher ends the process by itself"
        case "descriptor": return "the patcher closes or writes to descriptors that are not its own"
        case "signal": return "\(start) with a signal"
        default: return insn.hasPrefix("sig") ? "\(start) with \(insn.uppercased())" : "\(start): \(insn)"
        }
    }

    private var wildWrite: String {
        if insn == "array-replaced" { return "the patcher replaces an array of its result by another" }
        if insn.hasPrefix("before-") {
            return "the patcher writes in front of the \(Self.part(String(insn.dropFirst(7)))) of its result"
        }
        if insn.hasSuffix("-above-room") {
            let count = insn.dropLast("-above-room".count).replacing("-cnt", with: "s")
            return "the patcher returns more \(Self.part(String(count))) than it has room for"
        }
        return "the patcher writes past the end of the \(Self.part(insn)) of its result"
    }

    private var badStatus: String {
        switch insn {
        case "positive": "a positive number"
        case "unknown": "an unknown number"
        default: "-" + insn.uppercased()
        }
    }
}

extension Expectation.Refusal {
    /// The reason for which the pass must be refused, in words.
    fileprivate var sentence: String {
        switch self {
        case .malformed: "an edit is malformed"
        case .dangling: "a jump would reach nothing"
        case .empty: "nothing would be left"
        case .overflow: "an offset would not fit"
        }
    }
}
