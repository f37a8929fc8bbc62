/// A fault of kernels that campaigns found, and the buckets that it was seen in with each.
///
/// The tables of `README.md`, `Crashes/README.md` and <doc:KernelRules>, and the lists for `--known`, are this table; a test
/// compares them.
package struct KnownFault: Sendable {
    /// A series of kernels, of which one release was tested.
    package enum Series: String, CaseIterable, Sendable {
        case linux61 = "6.1"
        case linux612 = "6.12"
        case linux618 = "6.18"
    }

    /// What is wrong, in one line of Markdown.
    package var sentence: String
    /// The kernel function that is wrong, with its file.
    package var source: String
    /// What changed it upstream; `nil` where nothing is known to have.
    package var mended: String?
    /// The buckets that it was seen in.
    ///
    /// - Shape: a row for each bucket, with the series that showed it
    package var buckets: [(bucket: String, series: [Series])]
    /// The cases of `Crashes` that show it, without `.case`.
    package var cases: [String]

    /// The series that have the fault, in order.
    package var series: [Series] {
        Series.allCases.filter { series in buckets.contains { $0.series.contains(series) } }
    }

    /// All of them, those that run wrong code first.
    package static let all: [KnownFault] = [
        KnownFault(
            sentence:
                "A call to an earlier subprogram enters another one, or none, if it is the first instruction of a "
                + "subprogram with `may_goto`",
            source: "verifier.c: do_misc_fixups; core.c: bpf_patch_insn_single", mended: "67a3b916a7ae",
            buckets: [
                ("kernel/wrong-landing/call-backward/none", [.linux618]),
                ("kernel/error/verifier-bug/no-program-to-jit-at-insn", [.linux618]),
                // Of this the log says nothing: the kernel warns, and the load fails with EFAULT.
                ("kernel/error/verifier-bug/bad-address", [.linux612]),
            ],
            cases: [
                "kernel--wrong-landing--call-backward--none", "kernel--error--verifier-bug--no-program-to-jit-at-insn",
            ]),
        KnownFault(
            sentence:
                "With `BPF_F_TEST_RND_HI32`, the kernel overwrites the upper half of a register that is read later: the "
                + "verifier does not mark reads if it prunes a path",
            source: "verifier.c: is_state_visited, mark_insn_zext", mended: nil,
            buckets: [
                ("kernel/execution/upper-half/rnd-hi32", [.linux618]),
                ("kernel/encoding/upper-half/rnd-hi32", [.linux618]),
            ],
            cases: ["kernel--execution--upper-half--rnd-hi32"]),
        KnownFault(
            sentence: "The address of a subprogram that is never called outlives the subprogram",
            source: "verifier.c: opt_remove_dead_code", mended: nil,
            buckets: [
                ("kernel/wrong-landing/pseudo-func-forward/delete", [.linux61, .linux612, .linux618]),
                ("kernel/wrong-landing/pseudo-func-backward/delete", [.linux61, .linux612, .linux618]),
                ("kernel/error/verifier-bug/no-program-to-jit-at-insn", [.linux618]),
                ("kernel/error/verifier-bug/bad-address", [.linux61, .linux612]),
            ], cases: ["kernel--wrong-landing--pseudo-func-forward--delete"]),
        KnownFault(
            sentence:
                "A call over more than 32,767 slots is dumped with its offset cut to 16 bits, and with the number of "
                + "another subprogram",
            source: "verifier.c: jit_subprogs, at its end", mended: "later trees have exchanged the two fields",
            buckets: [("kernel/encoding/far-call/none", [.linux61, .linux612, .linux618])],
            cases: ["kernel--encoding--far-call--none"]),
        KnownFault(
            sentence: "Constant blinding moves the line records of all functions once for each function",
            source: "core.c: bpf_adj_linfo; verifier.c: jit_subprogs", mended: nil,
            buckets: [("kernel/line/shared/blinding", [.linux61, .linux612, .linux618])], cases: []),
        KnownFault(
            sentence:
                "`bpf_loop` with the context as its number of rounds: the verifier reports a bug of its own, which is no "
                + "fault of patching",
            source: "bpf_iter.c: bpf_loop_proto", mended: nil,
            buckets: [("kernel/error/verifier-bug/backtracking-misuse", [.linux618])],
            cases: ["kernel--error--verifier-bug--backtracking-misuse"]),
        KnownFault(
            sentence:
                "A patch that fits is refused, and the load fails with `ENOMEM`: the range check reads the slot "
                + "after the end",
            source: "core.c: bpf_adj_branches", mended: nil,
            buckets: [
                ("kernel-6.1.192/error/accepted-became-erange/replace/beyond-contract", [.linux61]),
                ("kernel-6.12.117/error/accepted-became-erange/replace/beyond-contract", [.linux612]),
            ], cases: ["kernel-6.12.117--error--accepted-became-erange--replace--beyond-contract"]),
        KnownFault(
            sentence: "The rows of `func_info_aux` do not move when a subprogram is deleted",
            source: "verifier.c: adjust_subprog_starts_after_remove", mended: "later trees move them",
            buckets: [
                ("kernel-6.1.192/error/stale-table-func-info-aux/delete", [.linux61]),
                ("kernel-6.1.192+opt-remove-dead-code/error/stale-table-func-info-aux/delete", [.linux61]),
                ("kernel-6.1.192+passes/error/stale-table-func-info-aux/delete", [.linux61]),
                ("kernel-6.12.117/error/stale-table-func-info-aux/delete", [.linux612]),
                ("kernel-6.12.117+opt-remove-dead-code/error/stale-table-func-info-aux/delete", [.linux612]),
                ("kernel-6.12.117+passes/error/stale-table-func-info-aux/delete", [.linux612]),
            ], cases: ["kernel-6.12.117--error--stale-table-func-info-aux--delete"]),
    ]
}

extension KnownFault {
    /// The buckets into which the check puts only findings with the exact effect that the fault predicts: the slots by which
    /// a copied call is off, the cut offset, the shifted lines, the address after a removal.
    static let predicted: Set<String> = [
        "kernel/wrong-landing/call-backward/none", "kernel/encoding/far-call/none", "kernel/line/shared/blinding",
        "kernel/wrong-landing/pseudo-func-forward/delete", "kernel/wrong-landing/pseudo-func-backward/delete",
    ]

    private var releases: String { series.map(\.rawValue).joined(separator: ", ") }

    /// The table of `README.md`.
    package static var readme: String {
        let rows = all.map { fault in
            let link = fault.cases.first.map { " ([case](Crashes/\($0).case))" } ?? ""
            return "| \(fault.releases) | \(fault.sentence)\(link) |"
        }
        return (["| kernel | fault |", "|---|---|"] + rows).joined(separator: "\n")
    }

    /// The table of `Crashes/README.md`.
    package static var crashes: String {
        let rows = all.map { fault in
            let cases = fault.cases.map { "`\($0)`" }.joined(separator: ", ")
            return "| \(fault.sentence) | \(fault.releases) | \(cases) | \(fault.mended ?? "") |"
        }
        return (["| fault | kernels | case | fixed upstream |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    /// The list of the article.
    package static var article: String {
        all.map { fault in
            let buckets = fault.buckets.map { "`\($0.bucket)` (\($0.series.map(\.rawValue).joined(separator: ", ")))" }
            return "- \(fault.sentence) (\(fault.source)): \(buckets.joined(separator: ", "))."
        }.joined(separator: "\n")
    }

    /// The list for `--known` with the kernels of a series.
    package static func list(of series: Series) -> String {
        let name = "Crashes/known-\(series.rawValue).txt"
        var text = """
            # Known faults of Linux \(series.rawValue): 'kernel run --known \(name)' ends with 0 when it finds no other.
            # One bucket a line. README.md in this folder describes them.

            """
        var listed: Set<String> = []
        for fault in all where fault.series.contains(series) {
            text += "\n# \(fault.sentence).\n"
            for row in fault.buckets where row.series.contains(series) && listed.insert(row.bucket).inserted {
                text += row.bucket + "\n"
            }
        }
        return text
    }
}
