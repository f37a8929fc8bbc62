import BPF
import Patching

/// The rules that a result can break, in the order of the checks.
package enum BrokenRule: String, Hashable, Sendable, CaseIterable, Codable {
    /// The status is wrong: accepted instead of refused, refused instead of accepted, or another error.
    case error
    /// The sequence of markers differs: an instruction is missing, moved, or there twice.
    case layout
    /// The right instruction at the right place, but other bits than its offset changed.
    case encoding
    /// A jump or call reaches another instruction than it should.
    case wrongLanding = "wrong-landing"
    /// An aux word is not where it should be.
    case aux
    /// A subprogram start or id is wrong.
    case subprogram
    /// A line record is wrong.
    case line
    /// The expected result of an accepted pass is ill formed.
    case illFormed = "ill-formed"
    /// Each result passes the check, but their bytes differ.
    case disagreement
    /// The patcher killed its process.
    case crash
    /// The patcher hangs.
    case hang
    /// The patcher used more memory than allowed.
    case memory
    /// The patcher wrote outside of its result.
    case wildWrite = "wild-write"
    /// The patcher wrote to its input.
    case inputWritten = "input-written"
    /// The patcher returned an undefined status.
    case badStatus = "bad-status"
    /// The patcher returned two results for the same pass.
    case unsteady
    /// The rewrite of a running kernel matches no known rewrite.
    case notUnderstood = "not-understood"
    /// A program returns another value after rewriting.
    case execution
    /// The log of a running kernel has a warning or an error about the load of a program.
    case kernelLog = "kernel-log"
}

extension BrokenRule {
    /// True if the patcher killed its process, or was killed.
    package var isDeadly: Bool {
        switch self {
        case .crash, .hang, .memory: true
        default: false
        }
    }
}

/// A broken rule, with its target and place.
package struct Finding: Hashable, Sendable, Codable {
    /// The target of findings against the fast oracle.
    package static let oracleTarget = "oracle"
    /// The target of findings against the check of passes.
    package static let passCheckTarget = "pass-check"

    /// The patcher; or `pass-check` or `oracle` for a fault of the harness.
    package var target: String
    package var rule: BrokenRule
    /// The text of its ``Bucket``.
    package var bucket: String
    /// The pass, counted from 0.
    package var pass: Int
    /// The first slot of the result, or row of its table, at which the rule is broken.
    package var place: Int
    /// The expected and the found result, with numbers.
    package var detail: String
    /// The fault, in one sentence without numbers and without the target's name.
    package var sentence: String

    package init(
        target: String, rule: BrokenRule, insn: String, edit: String, pass: Int, place: Int, detail: String
    ) {
        self.init(
            Bucket(target: target, rule: rule, insn: insn, edit: edit), nil, pass: pass, place: place, detail: detail)
    }

    /// Makes a finding of a bucket.
    ///
    /// - Parameter fact: a fact for the sentence that is not in the bucket
    init(_ bucket: Bucket, _ fact: FindingFact?, pass: Int, place: Int, detail: String) {
        target = bucket.target
        rule = bucket.rule
        self.bucket = bucket.text
        self.pass = pass
        self.place = place
        self.detail = detail
        sentence = bucket.sentence(fact)
    }

    /// Makes a finding without sentence and detail, which is only counted.
    init(bucketOnly bucket: Bucket, pass: Int, place: Int) {
        target = bucket.target
        rule = bucket.rule
        self.bucket = bucket.text
        self.pass = pass
        self.place = place
        detail = ""
        sentence = ""
    }

    /// Makes a finding against a kernel: a jump or call to removed code.
    package init(removedTargetOf insn: String, place: Int, detail: String) {
        self.init(
            Bucket(target: Finding.kernelTarget, rule: .wrongLanding, insn: insn, edit: EditKind.delete.rawValue),
            .removedTarget, pass: 0, place: place, detail: detail)
    }

    /// Makes a finding against a kernel: a jump or call that no edit is near, and that lands on another slot than it must.
    ///
    /// - Parameters:
    ///   - insn: its word in buckets
    ///   - slot: the slot that it must reach, and the one that it reaches
    ///   - reason: added to the detail
    package init(landingOf insn: String, at place: Int, must slot: Int, reaches found: Int, reason: String) {
        self.init(
            Bucket(target: Finding.kernelTarget, rule: .wrongLanding, insn: insn, edit: EditKind.none.rawValue),
            .landing(.init(relation: .target, site: .init(found, expected: slot, patch: nil))), pass: 0, place: place,
            detail: "slot \(place) must reach \(slot), reaches \(found): \(reason)")
    }

    /// Marks the finding as one beyond the kernel's contract.
    mutating func note(beyondContract clause: KernelContract.Clause) {
        bucket += "/" + Bucket.beyondContract
        sentence += Bucket.beyondContractWords
        detail += "; beyond the kernel's contract: \(clause.rawValue)"
    }
}
