/// The third words of buckets with a report of the verifier about itself.
package enum VerifierBugWord {
    package static let plain = "verifier-bug"
    /// The program does not have the property that triggers the known fault with the same words.
    package static let unexplained = "verifier-bug-unexplained"
}

/// All words that buckets can contain, with their meanings.
///
/// The README contains these tables, and a test compares them.
package enum BucketGuide {
    /// A word and its meaning.
    package struct Row: Hashable, Sendable {
        package var word: String
        package var meaning: String
    }

    /// The second word of a bucket.
    package static let rules = BrokenRule.allCases.map { Row(word: $0.rawValue, meaning: $0.meaning) }

    /// The third word, if it is an instruction.
    package static let instructions =
        InstructionKind.allCases.map { Row(word: $0.rawValue, meaning: $0.meaning) }
        + Way.allCases.map { Row(word: "…-\($0.rawValue)", meaning: "a jump or call that goes \($0.rawValue)") }
        + JumpRole.allCases.map { Row(word: "…-\($0.rawValue)", meaning: "a jump \($0.meaning)") }

    /// The third word of some rules, if it is not an instruction; `X`, `Y` and `PART` are placeholders.
    package static let others: [(rules: [BrokenRule], row: Row)] = [
        ([.error], Row(word: "X-became-Y", meaning: "the pass must return X and returns Y: `accepted` or an error")),
        ([.error], Row(word: "leak", meaning: "functions of a kernel leak memory")),
        ([.error], Row(word: "stale-table-X", meaning: "a table of the kernel does not follow the program")),
        ([.error], Row(word: "damaged-by-refusal", meaning: "a refused pass leaves a changed program")),
        (
            [.error],
            Row(word: "damaged-by-failed-allocation", meaning: "a failed allocation leaves a damaged program")
        ),
        ([.error], Row(word: "verifier-bug", meaning: "the kernel reports a bug of its own, in the words that follow")),
        (
            [.error],
            Row(
                word: VerifierBugWord.unexplained,
                meaning: "the same, where the known fault with these words is ruled out")
        ),
        (
            [.kernelLog],
            Row(word: "X", meaning: "`warning`, `bug`, `kasan`, `ubsan`, `oops`, `verifier-bug` or `taint`")
        ),
        ([.kernelLog], Row(word: "probe", meaning: "a probe of a feature makes the kernel complain")),
        ([.encoding], Row(word: "far-call", meaning: "kernel: a call is shown with its offset cut to 16 bits")),
        ([.encoding], Row(word: "helper-address", meaning: "kernel: a helper has another address than elsewhere")),
        ([.encoding], Row(word: "helper-inlining", meaning: "kernel: a helper is inlined in some places only")),
        (
            [.encoding],
            Row(word: "unblinded-X", meaning: "kernel: a constant of an instruction of class X is not blinded")
        ),
        ([.encoding], Row(word: "stack-counter", meaning: "kernel: a wrong stack slot for the counter of `may_goto`")),
        ([.encoding], Row(word: "stack-saved", meaning: "kernel: a wrong stack slot for the registers of `bpf_loop`")),
        ([.encoding], Row(word: "context-field", meaning: "kernel: another field of a context is accessed")),
        ([.encoding], Row(word: "X-Y", meaning: "kernel: a wrong value Y in the patch of a rewrite X")),
        ([.encoding], Row(word: "X", meaning: "kernel: a wrong slot in the patch of a rewrite X")),
        ([.wrongLanding], Row(word: "jump", meaning: "kernel: a jump of any kind")),
        ([.wrongLanding], Row(word: "call-number", meaning: "kernel: a call names another subprogram than it reaches")),
        ([.wrongLanding], Row(word: "pseudo-func-number", meaning: "kernel: so does the load of an address")),
        ([.subprogram], Row(word: "start", meaning: "a subprogram has a wrong start or id")),
        ([.line], Row(word: "record", meaning: "a line record has a wrong place or id")),
        ([.line], Row(word: "shared", meaning: "kernel: lines are moved once for each blinded function")),
        ([.subprogram, .line], Row(word: "missing", meaning: "one is missing")),
        ([.subprogram, .line], Row(word: "extra", meaning: "one is there that must be gone")),
        ([.crash], Row(word: "sigX", meaning: "a signal")),
        ([.crash], Row(word: "exit", meaning: "the patcher ends the process by itself")),
        ([.crash], Row(word: "descriptor", meaning: "the patcher uses descriptors that are not its own")),
        ([.crash], Row(word: "stack-overflow", meaning: "out of stack")),
        ([.crash], Row(word: "asan-X", meaning: "AddressSanitizer, in its own words")),
        ([.crash], Row(word: "reads-past-PART", meaning: "reads past the end of an array")),
        ([.wildWrite, .inputWritten, .unsteady], Row(word: "PART", meaning: "the array: `insns`, `aux`, `lines`, …")),
        ([.wildWrite], Row(word: "before-PART", meaning: "in front of the array")),
        ([.wildWrite], Row(word: "X-above-room", meaning: "a count is larger than the room for it")),
        ([.wildWrite], Row(word: "array-replaced", meaning: "a pointer of the result is another")),
        ([.unsteady], Row(word: "status", meaning: "the status differs")),
        ([.badStatus], Row(word: "positive", meaning: "a positive number; else the name of the error, or `unknown`")),
        ([.notUnderstood], Row(word: "end", meaning: "kernel: at the end of the program")),
        ([.disagreement], Row(word: "bytes", meaning: "any byte")),
        ([.illFormed], Row(word: "X", meaning: "the rule of a well-formed program that is broken")),
        (
            [.encoding, .execution],
            Row(word: UpperHalfReads.word, meaning: "kernel: an upper half is filled that is read later")
        ),
        ([.execution], Row(word: "X", meaning: "the type of the program")),
        ([.memory], Row(word: "leak", meaning: "memory is taken in case after case and not given back")),
        ([.hang, .memory], Row(word: "none", meaning: "nothing more is known")),
    ]

    /// The fourth word.
    package static let edits = EditKind.allCases.map { Row(word: $0.rawValue, meaning: $0.meaning) }

    /// The lines of the four tables in Markdown, without their heads.
    package static var markdown: [[String]] {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        func lines(_ rows: [Row]) -> [String] { rows.map { line(["`\($0.word)`", $0.meaning]) } }
        let others = others.map { other in
            line([
                other.rules.map { "`\($0.rawValue)`" }.joined(separator: ", "), "`\(other.row.word)`",
                other.row.meaning,
            ])
        }
        return [lines(rules), lines(instructions), others, lines(edits)]
    }
}

extension BrokenRule {
    /// The meaning, for the table in the README.
    var meaning: String {
        switch self {
        case .error: "accepted instead of refused, refused instead of accepted, or refused with another error"
        case .layout: "an instruction is missing, moved, or there twice"
        case .encoding: "the right instruction, but other bits than its offset changed"
        case .wrongLanding: "a jump or call reaches another instruction than it should"
        case .aux: "an aux word is not where it should be"
        case .subprogram: "a subprogram is wrong"
        case .line: "a line record is wrong"
        case .illFormed: "the result of the rules is ill formed: a fault of the harness"
        case .disagreement: "results that all pass the check have different bytes"
        case .crash: "the process was ended"
        case .hang: "no answer in time"
        case .memory: "more memory than allowed"
        case .wildWrite: "a plug-in writes where it has no room"
        case .inputWritten: "a plug-in writes to its input"
        case .badStatus: "a plug-in returns an undefined status"
        case .unsteady: "a plug-in answers the same pass in two ways"
        case .notUnderstood: "a rewrite of the kernel is not understood"
        case .execution: "a program returns another value after rewriting"
        case .kernelLog: "the kernel's log has a complaint about a load; the fourth word is the kernel function"
        }
    }
}
