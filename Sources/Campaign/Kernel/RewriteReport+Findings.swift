import BPF
import Fuzzing
import KernelRewrites

extension RewriteReport {
    /// The broken rules and then the gaps, as findings.
    var allFindings: [Finding] { findings + gaps.map(\.finding) }
}

extension AlignmentGap {
    /// The instruction of the program whose rewrite is not understood, and the reason.
    var context: String {
        let insn = expected.first.map {
            " `" + Disassembler.text(of: $0, secondSlot: expected.count > 1 ? expected[1] : nil) + "`"
        }
        return "\(reason), from slot \(slot)\(insn ?? "") of the program on"
    }

    /// The gap as a finding. Its bucket names the instruction of the program at which the gap begins.
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
