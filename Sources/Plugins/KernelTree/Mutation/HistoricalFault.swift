/// A fault that Linux had in the functions that patch and remove instructions, or in their callers.
package struct HistoricalFault: Sendable {
    /// A replaced part of one function.
    struct Change: Sendable {
        var function: String
        /// An expression or statement of the function; blanks and comments do not matter.
        var old: String
        /// The text that replaces it; `@` is the old text.
        var new: String
        /// The number of its occurrences in the function.
        var count = 1
    }

    /// The relation of the fault to a tree.
    enum Form: Sendable {
        /// The changes plant the fault in a tree that has the commit.
        case planted([Change])
        /// The changes mend the fault in a tree without the commit. A tree whose functions contain the word has the commit.
        case mended([Change], unless: String)
        /// No change of these functions makes the fault, for this reason.
        case notTested(String)
    }

    package var name: String
    /// The fault, in one sentence.
    package var summary: String
    /// The commit of Linux that mended it, or the patch that had it.
    package var source: String
    var form: Form

    /// The reason why it is not tested in any tree, or `nil`.
    package var reason: String? { if case .notTested(let reason) = form { reason } else { nil } }
    /// True if the changes mend the fault: it is found without them.
    package var isMended: Bool { if case .mended = form { true } else { false } }

    private static func planted(
        _ name: String, _ summary: String, _ source: String, _ changes: (String, String, String)...
    ) -> HistoricalFault {
        HistoricalFault(
            name: name, summary: summary, source: source,
            form: .planted(changes.map { Change(function: $0.0, old: $0.1, new: $0.2) }))
    }

    private static func notTested(
        _ name: String, _ summary: String, _ source: String, _ reason: String
    ) -> HistoricalFault {
        HistoricalFault(name: name, summary: summary, source: source, form: .notTested(reason))
    }

    /// All faults by part: jumps, tables, those that are not tested; the oldest first in the first two.
    ///
    /// The changes fit the text of Linux 6.12, and mostly that of other releases.
    package static let all: [HistoricalFault] = jumps + tables + untested
}

// MARK: Jumps and their ranges

extension HistoricalFault {
    private static let jumps: [HistoricalFault] = [
        planted(
            "backward-jump-in-old-coordinates",
            "A backward jump from or to the patch is compared with positions of before the patch.",
            #"a1b14d27ed09 "bpf: fix branch offset adjustment on backjumps after patching ctx expansion", 2016"#,
            (
                "bpf_adj_delta_to_off", "curr >= end_new && curr + off + 1 < end_new",
                "(end_new < end_old ? (@) : curr > pos && curr + off + 1 < pos)"
            )),
        planted(
            "offset-truncated", "An offset that does not fit in 16 bits is cut, and the patch is accepted.",
            #"050fad7c4534 "bpf: fix truncated jump targets on heavy expansions", 2018"#,
            ("bpf_patch_insn_single", "insn_adj_cnt > cnt_max", "(0 && @)"),
            ("bpf_adj_delta_to_off", "off < off_min || off > off_max", "(0 && (@))")),
        planted(
            "pseudo-function-not-adjusted", "The relative address of a function in ld_imm64 is not adjusted.",
            #"3990ed4c4266 "bpf: Stop caching subprog index in the bpf_pseudo_func insn", 2021"#,
            ("bpf_adj_branches", "bpf_pseudo_func(insn)", "(0 && @)")),
        HistoricalFault(
            name: "gotol-adjusted-in-off", summary: "The field off of gotol is adjusted and its imm is not.",
            source: #"before 4cd58e9af8b9 "bpf: Support new 32bit offset jmp instruction", 2023; in no release"#,
            form: .planted([
                Change(
                    function: "bpf_adj_delta_to_off", old: "insn->code == (BPF_JMP32 | BPF_JA)", new: "(0 && @)",
                    count: 2)
            ])),
        planted(
            "gotol-limited-to-16-bits", "The 32-bit offset of gotol is compared with the limits of 16 bits.",
            #"dfce9cb31405 "bpf: Fix a verifier bug due to incorrect branch offset comparison with cpu=v4", 2023"#,
            ("bpf_adj_delta_to_off", "off_min = S32_MIN", "off_min = S16_MIN"),
            ("bpf_adj_delta_to_off", "off_max = S32_MAX", "off_max = S16_MAX")),
        planted(
            "jump-lands-on-inserted-code", "A jump to the first instruction reaches the code inserted before it.",
            #"5337ac4c9b80 "bpf: Fix the corner case with may_goto and jump to the 1st insn", 2024"#,
            ("adjust_jmp_off", "insn_cnt = prog->len", "insn_cnt = 0")),
        planted(
            "own-jumps-of-prologue-moved", "The prologue's own jumps are moved as if they were jumps to its start.",
            #"d5c47719f244 "bpf: Adjust BPF_JMP that jumps to the 1st insn of the prologue", 2024"#,
            ("adjust_jmp_off", "tgt_idx <= i && i < tgt_idx + delta", "(0 && @)")),
    ]
}

// MARK: Tables beside the program

extension HistoricalFault {
    private static let tables: [HistoricalFault] = [
        planted(
            "aux-not-moved", "The rows of insn_aux_data after a patch stay at their old index.",
            #"8041902dae52 "bpf: adjust insn_aux_data when patching insns", 2017"#,
            ("adjust_insn_aux_data", "new_data + off + cnt - 1", "new_data + off")),
        planted(
            "subprogram-start-moved", "A subprogram moves if its first instruction is patched.",
            #"afd594240806 "bpf: fix off-by-one error in adjust_subprog_starts", 2018"#,
            ("adjust_subprog_starts", "env->subprog_info[i].start <= off", "env->subprog_info[i].start < off")),
        planted(
            "freed-program-after-failure", "Without memory for insn_aux_data, the environment keeps a freed program.",
            #"75f0fc7b48ad "bpf: Fix potential memleak and UAF in the verifier", 2021"#,
            ("bpf_patch_insn_data", "if (len > 1)", "if (0)"),
            (
                "bpf_patch_insn_data", "adjust_insn_aux_data(env, new_data, new_prog, off, len);",
                """
                if (len > 1) { new_data = vzalloc(array_size(new_prog->len, sizeof(*new_data))); \
                if (!new_data) return NULL; } @
                """
            )),
        planted(
            "patch-marked-as-seen", "The slots of a patch are marked as seen, even if its instruction was not.",
            #"d203b0fd863a "bpf: Inherit expanded/patched seen count from old aux data", 2021"#,
            ("adjust_insn_aux_data", "new_data[i].seen = old_seen", "new_data[i].seen = true")),
        planted(
            "poke-descriptors-before-patch-moved", "Tail calls before a patch move as those after it do.",
            #"7506d211b932 "bpf: Fix null ptr deref with mixed tail calls and subprogs", 2021"#,
            ("adjust_poke_descs", "desc->insn_idx <= off", "(0 && @)")),
        planted(
            "patch-inherits-aux", "The slots of a patch keep the rows that insn_aux_data had at their index.",
            #"first version of 77620d126739, which moves insn_aux_data in place, 2025; caught by CI"#,
            (
                "adjust_insn_aux_data", "for (i = off; i < off + cnt - 1; i++)",
                """
                memcpy(new_data + off, old_data + off, sizeof(*old_data) * \
                (off + 2 * cnt - 2 <= prog_len ? cnt - 1 : prog_len - off - cnt + 1)); @
                """
            )),
        HistoricalFault(
            name: "func-info-aux-not-moved", summary: "The rows of func_info_aux stay if a subprogram is removed.",
            source: "mended upstream in 2026, commit not known",
            form: .mended(
                [
                    Change(
                        function: "adjust_subprog_starts_after_remove", old: "aux->func_info_cnt -= j - i;",
                        new: """
                            memmove(aux->func_info_aux + i, aux->func_info_aux + j, \
                            sizeof(*aux->func_info_aux) * move); @
                            """)
                ], unless: "func_info_aux")),
    ]
}

// MARK: Faults that are not tested

extension HistoricalFault {
    private static let untested: [HistoricalFault] = [
        notTested(
            "function-index-cached", "The number of a subprogram in ld_imm64 is out of date after a removal.",
            #"3990ed4c4266 "bpf: Stop caching subprog index in the bpf_pseudo_func insn", 2021"#,
            "the number was cached by the verifier and read by jit_subprogs(), which are not built; "
                + "'kernel run' loads such programs"),
        notTested(
            "may-goto-backward", "The jump of an expanded backward may_goto misses its target.",
            #"2b2efe1937ca "bpf: Fix may_goto with negative offset", 2024"#,
            "do_misc_fixups() makes the patch and is not built; 'kernel run' loads such programs"),
        notTested(
            "may-goto-overflow", "The jump of an expanded may_goto wraps at 16 bits.",
            #"8a12a00f6c5d "bpf: Fix overflow of jump offset in may_goto expansion", 2026"#,
            "do_misc_fixups() makes the patch and is not built; 'kernel run' loads such programs"),
        notTested(
            "copied-call-not-adjusted", "A backward call that is copied into its own patch is not adjusted.",
            #"67a3b916a7ae "bpf: Adjust pc-relative insn copied into its own patch", 2026"#,
            "the callers adjust the copy and are not built: the adapter does their part; 'kernel run' finds it"),
        notTested(
            "indirect-target-on-last", "The mark of an indirect jump target goes to the last slot of a patch.",
            "07ae6c130b46, 2026",
            "the field came later than Linux 6.12; planted-aux-on-first is the same fault with the aux word"),
        notTested(
            "insn-array-moved-twice", "Blinding moves the entries of instruction arrays twice.", "46c76760febf, 2026",
            "instruction arrays came in 6.19, and the JIT's part of blinding is not run"),
        notTested(
            "timed-may-goto-private-stack", "A timed may_goto uses the wrong stack if the stack is private.",
            "bb83425b3cdc, 2026", "do_misc_fixups() makes the patch and is not built"),
        notTested(
            "rewrites-not-killable", "A load with very many patches cannot be killed.",
            #"261b61d3735b "bpf: Make post-verification instruction rewrites killable", 2026"#,
            "the results are the same; 'scale' measures the time"),
    ]
}
