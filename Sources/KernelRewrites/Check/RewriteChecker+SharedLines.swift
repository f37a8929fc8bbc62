import Fuzzing

extension RewriteChecker {
    /// Gives findings about lines that moved although the instructions shown are not blinded a bucket of their own.
    ///
    /// Each function of a program is blinded as a copy, with slots counted from its own start; but the copies share the
    /// lines of the program, which count from its start, and which therefore move once for each function.
    ///
    /// Rule ``KernelRule/sharedLines``.
    ///
    /// - Parameter first: the first finding that may be about that
    /// - Source: 6.12 `kernel/bpf/core.c`, `bpf_adj_linfo`, and `verifier.c`, `jit_subprogs`
    func nameSharedLines(from first: Int, in report: inout RewriteReport) {
        for number in first..<report.findings.count where report.findings[number].rule == .line {
            let finding = report.findings[number]
            report.findings[number] = Finding(
                target: finding.target, rule: .line, insn: "shared", edit: "blinding", pass: finding.pass,
                place: finding.place,
                detail: finding.detail + "; blinding a function moves the lines of all (bpf_adj_linfo)")
        }
    }
}
