/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#define BPF_MAX_SUBPROGS 256

struct bpf_insn_aux_data { u32 seen; u64 map_key_state; u32 orig_idx; bool jmp_point; u8 alu_state:3; };
struct bpf_subprog_info { u32 start, linfo_idx; u16 stack_depth; bool is_cb:1; };

struct bpf_verifier_env {
	struct bpf_prog *prog;
	struct bpf_insn_aux_data *insn_aux_data;
	struct bpf_subprog_info subprog_info[BPF_MAX_SUBPROGS + 2];
	u32 subprog_cnt;
};
