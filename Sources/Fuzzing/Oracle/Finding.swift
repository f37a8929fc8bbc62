import BPF
import Patching

/// The rules that a result can break, in the order in which they are looked at.
package enum BrokenRule: String, Hashable, Sendable, CaseIterable, Codable {
    /// Accepted where it must be refused, refused where it must be accepted, or with the wrong error.
    case error
    /// The row of markers differs: something is missing, moved, or there twice.
    case layout
    /// The right instruction at the right place with other bits than its offset changed.
    case encoding
    /// A jump or call reaches another instruction than it should.
    case wrongLanding = "wrong-landing"
    /// An aux word is not where it should be.
    case aux
    /// A subprogram start or id is wrong.
    case subprogram
    /// A line record is wrong.
    case line
    /// What the rules give for an accepted pass is no well-formed program.
    case illFormed = "ill-formed"
    /// Each result passes the marker check by itself, but they are not the same bytes.
    case disagreement
    /// The patcher ended a campaign's worker.
    case crash
    /// The patcher came to no end.
    case hang
    /// The patcher took more memory than it may.
    case memory
    /// The patcher wrote where nothing of its result belongs.
    case wildWrite = "wild-write"
    /// The patcher wrote into the program or the edits that it was given.
    case inputWritten = "input-written"
    /// The patcher returned what no patcher may return.
    case badStatus = "bad-status"
    /// The patcher answered the same pass in two ways.
    case unsteady
    /// What a running kernel made of a program cannot be explained by what kernels are known to do.
    case notUnderstood = "not-understood"
    /// A program gives another value after rewriting than without.
    case execution
}

extension BrokenRule {
    /// True if the patcher ended its process, or had to be ended.
    package var isDeadly: Bool {
        switch self {
        case .crash, .hang, .memory: true
        default: false
        }
    }
}

/// A broken rule, against whom and where.
package struct Finding: Hashable, Sendable, Codable {
    /// The target of findings against the fast oracle.
    package static let oracleTarget = "oracle"
    /// The target of findings against the check of passes.
    package static let passCheckTarget = "pass-check"

    /// The patcher, or `pass-check` or `oracle` when the fault is one of the harness.
    package var target: String
    package var rule: BrokenRule
    /// The text of its ``Bucket``.
    package var bucket: String
    /// The pass, counted from 0.
    package var pass: Int
    /// The slot of the result, or the row of its table, at which the rule is broken first.
    package var place: Int
    /// What was expected and what was found, in words with numbers.
    package var detail: String
    /// What is wrong, in one sentence without numbers and without the target's name.
    package var sentence: String

    package init(
        target: String, rule: BrokenRule, insn: String, edit: String, pass: Int, place: Int, detail: String
    ) {
        self.init(
            Bucket(target: target, rule: rule, insn: insn, edit: edit), nil, pass: pass, place: place, detail: detail)
    }

    /// Makes a finding of a bucket.
    ///
    /// - Parameter fact: what its sentence tells beside the bucket
    init(_ bucket: Bucket, _ fact: FindingFact?, pass: Int, place: Int, detail: String) {
        target = bucket.target
        rule = bucket.rule
        self.bucket = bucket.text
        self.pass = pass
        self.place = place
        self.detail = detail
        sentence = bucket.sentence(fact)
    }

    /// Makes a finding that is only counted, with neither sentence nor detail.
    init(bucketOnly bucket: Bucket, pass: Int, place: Int) {
        target = bucket.target
        rule = bucket.rule
        self.bucket = bucket.text
        self.pass = pass
        self.place = place
        detail = ""
        sentence = ""
    }

    /// A finding of a kernel in which a jump or call leads to code that was removed.
    package init(removedTargetOf insn: String, place: Int, detail: String) {
        self.init(
            Bucket(target: Finding.kernelTarget, rule: .wrongLanding, insn: insn, edit: EditKind.delete.rawValue),
            .removedTarget, pass: 0, place: place, detail: detail)
    }

    /// Says that the pass is outside of what the kernel's own functions assume.
    mutating func note(beyondContract clause: KernelContract.Clause) {
        bucket += "/" + Bucket.beyondContract
        sentence += Bucket.beyondContractWords
        detail += "; beyond the kernel's contract: \(clause.rawValue)"
    }
}
