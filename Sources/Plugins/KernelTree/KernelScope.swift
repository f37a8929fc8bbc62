/// The tables of a tree that the kit compares beside the result of a pass.
package struct KernelScope: Sendable {
    /// The compared tables, each with its fields; a table without a list has one index only.
    package let compared: [(table: String, fields: [String])]
    /// The fields of rows that are not known. They are compared as those that go with the row.
    package let unknown: [String]
    /// The pointers that the functions use and that are not filled in.
    package let unfilled: [String]
    /// The types of the tree that no header defines. No size of one is used.
    package let opaque: [String]
    /// The field of `bpf_insn_aux_data` that holds the aux word, or `nil`.
    let auxWord: String?
    /// The macros that tell the kit what the tree has.
    let macros: [String]

    /// Candidates for the aux word: they move with the instruction, and no function computes them.
    private static let words = ["orig_idx", "ctx_field_size", "map_key_state"]

    /// Candidates for the number of rows of `func_ptrs`.
    private static let functionCounts = ["func_ptrs_cnt", "func_ptr_cnt", "nr_func_ptrs", "func_ptrs_count"]

    /// The fields of `bpf_insn_aux_data` with rules of their own.
    private static let special = ["seen", "zext_dst", "indirect_target", "non_stack_access", "cleanup_pad", "jt"]

    /// The fields of rows in kernels up to 2026.
    private static let known: [String: Set<String>] = [
        "bpf_insn_aux_data": Set(
            special + [
                "ptr_type", "map_ptr_state", "call_imm", "alu_limit", "map_index", "map_off", "btf_var",
                "loop_inline_state", "obj_new_size", "insert_off", "kptr_struct_meta", "map_key_state",
                "ctx_field_size", "sanitize_stack_spill", "nospec", "nospec_result", "needs_zext",
                "storage_get_func_atomic", "is_iter_next", "call_with_percpu_alloc_ptr", "alu_state",
                "fastcall_pattern", "fastcall_spills_num", "arg_prog", "orig_idx", "jmp_point", "prune_point",
                "force_checkpoint", "calls_callback", "jump_target", "scc", "live_regs_before", "might_sleep",
            ]),
        "bpf_subprog_info": [
            "start", "linfo_idx", "postorder_start", "exit_idx", "stack_depth", "stack_extra", "fastcall_stack_off",
            "has_tail_call", "tail_call_reachable", "has_ld_abs", "is_cb", "is_async_cb", "is_exception_cb",
            "args_cached", "keep_fastcall_stack", "changes_pkt_data", "might_sleep", "priv_stack_mode", "arg_cnt",
            "args",
        ],
        "bpf_func_info_aux": ["linkage", "unreliable", "called", "verified"],
    ]

    init(_ slice: CSlice) {
        var macros: [String] = []
        var compared: [(table: String, fields: [String])] = []
        var unknown: [String] = []
        var unfilled: [String] = []
        for (tag, table) in [
            ("bpf_insn_aux_data", "insn_aux_data"), ("bpf_subprog_info", "subprog_info"),
            ("bpf_func_info_aux", "func_info_aux"),
        ] {
            let all = slice.fields(of: tag)
            // A pointer that functions use must not be garbage.
            let used = all.filter { $0.isPointer && $0.path != "jt" && slice.accessed.contains($0.path) }
            let fields = all.filter { !used.contains($0) }
            unfilled += used.map { "\(table).\($0.path)" }
            macros.append(
                "ADAPTER_FIELDS_\(tag) "
                    + fields.map { "ROWS_FIELD(\($0.kind.rawValue), \($0.path))" }.joined(separator: " "))
            if fields.isEmpty { continue }
            let names = KernelScope.first(of: fields)
            compared.append((table, names))
            unknown += names.filter { KernelScope.known[tag]?.contains($0) != true }.map { "\(table).\($0)" }
        }
        let aux = slice.fields(of: "bpf_insn_aux_data").map(\.path)
        macros += KernelScope.special.filter(aux.contains).map { "ADAPTER_AUX_HAS_\($0) 1" }
        auxWord = KernelScope.words.first(where: aux.contains)
        for (member, tag, macro, table) in [
            ("func_info_aux", "bpf_prog_aux", "FUNC_INFO_AUX", ""), ("prog", "bpf_prog_aux", "AUX_PROG", ""),
            ("insn_aux_data_len", "bpf_verifier_env", "AUX_LEN", "insn_aux_data_len"),
            ("stats", "bpf_prog", "STATS", ""), ("cleanup_info_cnt", "bpf_verifier_env", "CLEANUP_INFO_CNT", ""),
            ("insn_idx", "bpf_jit_poke_descriptor", "POKE", "poke_tab"),
            ("xlated_off", "bpf_insn_array_value", "INSN_ARRAY", "insn_array"),
        ] where slice.hasMember(member, of: tag) {
            macros.append("ADAPTER_HAS_\(macro) 1")
            if !table.isEmpty { compared.append((table, [])) }
        }
        if slice.hasMember("func_ptrs", of: "bpf_verifier_env") {
            let count = KernelScope.functionCounts.first { slice.hasMember($0, of: "bpf_verifier_env") }
            if let count, slice.pointees(of: "func_ptrs").contains(where: { slice.hasMember("xlated_off", of: $0) }) {
                macros.append("ADAPTER_FUNC_PTRS_COUNT \(count)")
                compared.append(("func_ptrs", []))
            } else {
                unfilled.append("func_ptrs")
            }
        }
        compared += [("func_info", []), ("linfo", []), ("prog", [])]
        (self.macros, self.compared, self.unknown, self.unfilled) = (macros, compared, unknown, unfilled)
        opaque = slice.opaque
    }

    /// The first names of paths, each once.
    private static func first(of fields: [CSlice.Field]) -> [String] {
        var names: [String] = []
        for field in fields {
            let name = String(field.path.prefix { $0 != "." })
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The compared tables, in one sentence.
    package var sentence: String {
        "compared beside the result: "
            + compared.map { $0.fields.isEmpty ? $0.table : "\($0.table) (\($0.fields.joined(separator: ", ")))" }
            .joined(separator: ", ")
    }

    /// The unknown parts of the tree, one sentence each.
    package var notes: [String] {
        var notes: [String] = []
        if !unknown.isEmpty {
            notes.append(
                "not known: \(unknown.joined(separator: ", ")); compared as fields that go to the last slot of a patch")
        }
        if !unfilled.isEmpty {
            notes.append("not filled in, since the functions use these pointers: \(unfilled.joined(separator: ", "))")
        }
        if !opaque.isEmpty {
            notes.append("of unknown size, which is not used: \(opaque.joined(separator: ", "))")
        }
        return notes
    }
}
