/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#define BPF_MAX_SUBPROGS 256

struct bpf_insn_aux_data { u32 seen; u64 map_key_state; u32 orig_idx; bool jmp_point; u8 alu_state:3;
	bool zext_dst, indirect_target, non_stack_access; u32 cleanup_pad; struct bpf_iarray *jt; };
struct bpf_iarray { int cnt; u32 items[]; };
struct bpf_func_ptr { u64 address; u32 xlated_off; };
struct bpf_subprog_info { u32 start, linfo_idx; u16 stack_depth; bool is_cb:1; };

struct bpf_verifier_env {
	struct bpf_prog *prog;
	struct bpf_insn_aux_data *insn_aux_data;
	struct bpf_subprog_info subprog_info[BPF_MAX_SUBPROGS + 2];
	u32 subprog_cnt, insn_aux_data_len, cleanup_info_cnt, insn_array_map_cnt;
	struct bpf_map *insn_array_maps[4];
	struct bpf_func_ptr *func_ptrs;
	u32 func_ptrs_cnt;
};
