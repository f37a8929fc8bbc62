import BPF
import Fuzzing
import Patching

/// What a check of one loaded program found.
package struct RewriteReport: Sendable {
    /// Broken rules, with target `kernel`.
    package internal(set) var findings: [Finding] = []
    /// What was not understood. A program with a gap is neither right nor wrong.
    package internal(set) var gaps: [AlignmentGap] = []
    /// What the kernel did, in the order of the input.
    package internal(set) var applied: [AppliedRewrite] = []
    /// The same at its borders, counted.
    package internal(set) var coverage = RewriteCoverage()
    /// The kernel's edits as passes, each on what the one before it gave; none where there is a gap, or nothing is wrong and
    /// they were not requested (``RewriteChecker/givesPasses``).
    ///
    /// Code that goes in front of the first instruction of a subprogram has a pass of its own, since a pass has one edit
    /// at an index.
    package internal(set) var passes: [Pass] = []
    /// The result as the oracle compared it: what the kernel may choose freely is as the program had it.
    ///
    /// There where ``passes`` are.
    package internal(set) var normalized: Program?

    /// The rewrite at which another reading of the result keeps every rule too; empty for almost all programs.
    package internal(set) var ambiguous: [Rewrite] = []
    /// The findings of the first reading, if another one keeps every rule.
    package internal(set) var dropped: [DroppedFinding] = []

    /// What shows each finding, and then each gap, in what was read back.
    package internal(set) var evidence: [RewriteEvidence] = []
    /// What the passes must give, where ``normalized`` is there.
    package internal(set) var expected: Program?
    /// How compiled calls hold where they lead; `nil` where there are none.
    var callForm: CallNumbers.Form?
    /// The number of the removed subprogram whose address is still loaded, and of which a finding tells; `nil` where there is none.
    var removedTarget: UInt32?
    /// The instructions that patches must have where they have others, by the slot of the compared result.
    var patchInsns: [Int: Instruction] = [:]
    /// How many slots more the result must have.
    var lengthChange = 0

    /// Whether everything was understood and nothing is wrong.
    package var isClean: Bool { findings.isEmpty && gaps.isEmpty }
}

/// One rewrite of one instruction, or of a run of them.
///
/// - Units: slots
package struct AppliedRewrite: Hashable, Sendable {
    package var rewrite: Rewrite
    /// The slots of the program as it was loaded; empty for what is put in front of an instruction.
    package var input: Range<UInt32>
    /// The slots of the result that stand for them; empty for what is removed.
    package var result: Range<UInt32>

    package init(_ rewrite: Rewrite, input: Range<UInt32>, result: Range<UInt32>) {
        self.rewrite = rewrite
        self.input = input
        self.result = result
    }
}

/// A place where the result cannot be explained.
///
/// - Units: slots
package struct AlignmentGap: Hashable, Sendable, CustomStringConvertible {
    /// What is wrong there, in words.
    package var reason: String
    /// The first slot of the program, and of the result, that was not understood.
    package var slot: Int
    package var place: Int
    /// Some instructions from there on, of the program and of the result.
    package var expected: [Instruction]
    package var found: [Instruction]

    /// The place and what stands there, in a few lines.
    package var description: String {
        func list(_ insns: [Instruction]) -> String {
            var text = ""
            var at = 0
            while at < insns.count {
                let second = at + 1 < insns.count ? insns[at + 1] : nil
                text += "\n    " + Disassembler.text(of: insns[at], secondSlot: second)
                at += Disassembler.width(of: insns[at], secondSlot: second)
            }
            return text
        }
        return "\(reason): slot \(slot) of the program, \(place) of the result\n  program:\(list(expected))\n"
            + "  result:\(list(found))"
    }
}

/// A finding of one reading of a result that another reading does not have.
package struct DroppedFinding: Hashable, Sendable, Codable {
    package var bucket: String
    /// The difference of the two readings, in one sentence.
    package var difference: String
}
