import Foundation
import Fuzzing
import Patching
import Testing

@testable import Plugins

/// Interfaces that the built-in adapter does not know, through an adapter of the user.
@Suite struct ExampleTreeTests {
    @Test func adapterIsTheOneThatIsPrinted() throws {
        let tree = try ExampleTree(ExampleTree.singlePass)
        let names = ["add", "remove", "apply", "free"].map { "bpf_patch_list_\($0)" }
        let template = try AdapterTemplate(of: KernelTree(path: tree.path), taking: names)
        #expect(try template.text == String(contentsOfFile: ExampleTree.adapter, encoding: .utf8))
    }

    @Test func adapterForOneEditIsPrinted() throws {
        let tree = try ToyTree().write()
        let text = try AdapterTemplate(of: tree, taking: ["bpf_patch_insn_data", "verifier_remove_insns"]).text
        #expect(text.contains("int step(struct bpf_verifier_env *env, u32 off, u32 remove,"), "\(text)")
        #expect(text.contains("prog = bpf_patch_insn_data(env, off, patch, len);"), "\(text)")
        #expect(text.contains("err = verifier_remove_insns(env, off, remove);"), "\(text)")
    }

    @Test(arguments: [ExampleTree.singlePass, ExampleTree.newerFields], [UInt32(0), 4])
    func rightPatcherHasNoFinding(name: String, failAlloc: UInt32) throws {
        let plugin = try ExampleTree(name).build()
        #expect(ExampleTree.findings(of: plugin, cases: 3000, failAlloc: failAlloc) == nil)
        #expect((plugin.failedAllocs > 0) == (failAlloc > 0))
    }

    /// Faults to plant in the single-pass patcher, and the share of failing allocations that shows them.
    private static let faults: [(old: String, new: String, failAlloc: UInt32)] = [
        (
            "while (at < patch->off + patch->removed)\n\t\t\tmap->to[at++] = new;",
            "while (at < patch->off + patch->removed)\n\t\t\tmap->to[at++] = new + !patch->len;", 0
        ),
        ("target -= len - 1;", "target -= len;", 0),
        ("return insn->src_reg == BPF_PSEUDO_FUNC;", "return false;", 0),
        (
            "for (k = 0; k + 1 < patch->len; k++)\n\t\t\trows[at + k].seen",
            "for (k = 1; k + 1 < patch->len; k++)\n\t\t\trows[at + k].seen", 0
        ),
        ("rows[at + patch->len - 1] = aux[patch->off];", "rows[at] = aux[patch->off];", 0),
        ("aux->func_info_aux[kept] = aux->func_info_aux[i];", "", 0),
        ("env->subprog_info[kept] = env->subprog_info[i];", "", 0),
        (
            "env->subprog_info[i].linfo_idx = line;",
            "env->subprog_info[i].linfo_idx = i ? line : 0;if (i > 1) env->subprog_info[i].linfo_idx = 0;", 0
        ),
        (
            "if (kept && aux->linfo[kept - 1].insn_off == off)\n\t\t\tkept--;",
            "if (kept && aux->linfo[kept - 1].insn_off == off)\n\t\t\tcontinue;", 0
        ),
        ("prog->aux->prog = prog;", "", 0),
        ("vfree(prog);\n\t\tvfree(rows);", "vfree(prog);", 4),
        (
            "err = rows ? bpf_write_insns(",
            "env->subprog_cnt -= env->subprog_cnt > 1 && !rows;\n\terr = rows ? bpf_write_insns(", 4
        ),
        ("kvfree(list->pool);", "", 0),
    ]

    @Test(arguments: faults.indices) func plantedFaultIsFound(number: Int) throws {
        let fault = Self.faults[number]
        let tree = try ExampleTree(ExampleTree.singlePass)
        try tree.replace(fault.old, by: fault.new)
        let plugin = try tree.build()
        #expect(ExampleTree.findings(of: plugin, cases: 3000, failAlloc: fault.failAlloc) != nil, "\(fault)")
    }

    /// Faults in what kernels of 2026 keep by instruction.
    private static let newer: [(old: String, new: String, failAlloc: UInt32)] = [
        ("rows[k].zext_dst = bpf_is_32_bit(&patch[k]);", "rows[k].zext_dst = bpf_is_32_bit(&patch[0]);", 0),
        ("!k && old->indirect_target", "k == len - 1 && old->indirect_target", 0),
        ("!k && old->indirect_target", "old->indirect_target", 0),
        ("rows[k].non_stack_access = class >= 0x01 && class <= 0x03;", "rows[k].non_stack_access = false;", 0),
        ("\t\t\trows[k].non_stack_access = old->non_stack_access;\n", "", 0),
        ("0 : map->to[rows[i].cleanup_pad - 1] + 1", "0 : map->to[rows[i].cleanup_pad - 1]", 0),
        ("bpf_is_gone(map, rows[i].cleanup_pad - 1) ?", "0 ?", 0),
        ("bpf_move_pads(rows, &map);", "", 0),
        ("aux->poke_tab[i].insn_idx = map", "if (i) aux->poke_tab[i].insn_idx = map", 0),
        ("map->to[aux->poke_tab[i].insn_idx]", "map->to[aux->poke_tab[i].insn_idx + 1] - 1", 0),
        ("if (*off != (u32)-1)", "if (*off != (u32)-1 && k + 1 < array->map.max_entries)", 0),
        ("bpf_is_gone(map, *off) ? (u32)-1 : ", "", 0),
        ("kvfree(env->insn_aux_data[i].jt);", "", 0),
        ("kvfree(env->insn_aux_data[i].jt);", "if (i & 1) kvfree(env->insn_aux_data[i].jt);", 0),
        ("\t\tif (bpf_is_gone(map, i))\n", "\t\tif (bpf_is_gone(map, i) || i == map->old_len / 2)\n", 0),
        ("env->insn_aux_data_len = map->new_len;", "", 0),
        ("*func = bpf_is_gone(map, *func) ? (u32)-1 : map->to[*func];", "*func = map->to[*func];", 0),
        ("if (*func != (u32)-1)", "if (i != 1 && *func != (u32)-1)", 0),
        ("if (*func != (u32)-1)", "if (*func == (u32)-1) (*func)--; else", 0),
    ]

    @Test(arguments: newer.indices) func plantedFaultInNewerFieldsIsFound(number: Int) throws {
        let fault = Self.newer[number]
        let tree = try ExampleTree(ExampleTree.newerFields)
        try tree.replace(fault.old, by: fault.new)
        let buckets = ExampleTree.findings(of: try tree.build(), cases: 1500) ?? []
        #expect(buckets.contains { $0.contains("/error/stale-table-") }, "\(fault), \(buckets)")
    }

    @Test func adapterWithoutEntryIsRefused() throws {
        let tree = try ExampleTree(ExampleTree.singlePass)
        let file = "\(tree.path)/none.c"
        try Data("int other(void) { return 0; }\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(throws: PluginError.self) {
            try KernelPlugin(of: KernelTree(path: tree.path), .init(output: "\(tree.path)/x.so", adapter: file))
        }
    }
}
