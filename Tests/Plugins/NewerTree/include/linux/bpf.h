/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
struct bpf_func_info_aux { u16 linkage; bool unreliable; };

struct bpf_map { u32 max_entries; };
struct bpf_insn_array_value { u32 orig_off, xlated_off, jitted_off, unused; };
struct bpf_insn_array { struct bpf_map map; struct bpf_insn_array_value values[]; };
struct bpf_jit_poke_descriptor { void *target; bool stable; u32 insn_idx; };

struct bpf_prog_aux {
	struct bpf_jit_poke_descriptor *poke_tab;
	u32 size_poke_tab;
	struct bpf_prog *prog;
	u32 nr_linfo, func_info_cnt;
	struct bpf_line_info *linfo;
	struct bpf_func_info *func_info;
	struct bpf_func_info_aux *func_info_aux;
};

struct bpf_prog {
	u16 pages;
	u32 len;
	struct bpf_prog_aux *aux;
	struct bpf_insn insnsi[];
};
