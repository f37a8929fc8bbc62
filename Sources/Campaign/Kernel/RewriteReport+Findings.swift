import BPF
import Fuzzing
import KernelRewrites

extension RewriteReport {
    /// What was wrong, and what was not understood.
    var allFindings: [Finding] { findings + gaps.map(\.finding) }
}

extension AlignmentGap {
    /// The gap as a finding, after the instruction of the program at which it begins.
    var finding: Finding {
        let words = expected.first.map { insn in
            insn.words(
                offset: insn.jumpKind.isJump ? insn.jumpOffset(insn.jumpKind) : nil,
                isShortJump: insn.jumpKind == .short)
        }
        return Finding(
            target: Finding.kernelTarget, rule: .notUnderstood, insn: words ?? "end", edit: "none", pass: 0,
            place: place,
            detail: description)
    }
}
