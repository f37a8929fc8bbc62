/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Converts a program to the verifier's structures and back. */
#ifndef IMAGE_H
#define IMAGE_H

#include "state.h"

/* Sets up the verifier's state at the start of patching. */
static bool adapter_load(const struct bpf_patcher_image *in)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog_aux *aux = &adapter.aux;
	const size_t size = offsetof(struct bpf_prog, insnsi) + in->insn_cnt * sizeof(struct bpf_insn);
	const size_t info = offsetof(struct bpf_verifier_env, subprog_info);
	const size_t rest = info + sizeof(env->subprog_info);
	u32 i, line = 0;

	memset(env, 0, info);
	memset(env->subprog_info, 0, adapter.used_subprogs * sizeof(env->subprog_info[0]));
	memset((char *)env + rest, 0, sizeof(*env) - rest);
	adapter.used_subprogs = in->subprog_cnt + 1;
	memset(aux, 0, sizeof(*aux));
	aux->linfo = memory_take((in->line_cnt + 1) * sizeof(*aux->linfo));
	aux->func_info = memory_take((in->subprog_cnt + 1) * sizeof(*aux->func_info));
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	aux->func_info_aux = memory_take((in->subprog_cnt + 1) * sizeof(*aux->func_info_aux));
	if (aux->func_info_aux)
		memset(aux->func_info_aux, 0, (in->subprog_cnt + 1) * sizeof(*aux->func_info_aux));
#endif
	env->insn_aux_data = memory_take(in->insn_cnt * sizeof(*env->insn_aux_data));
	env->prog = memory_take(round_up(size, PAGE_SIZE));
	if (!aux->linfo || !aux->func_info || !env->insn_aux_data || !env->prog)
		return false;

	memset(env->prog, 0, offsetof(struct bpf_prog, insnsi));
	env->prog->pages = round_up(size, PAGE_SIZE) / PAGE_SIZE;
	env->prog->len = in->insn_cnt;
	env->prog->aux = aux;
#ifdef ADAPTER_HAS_AUX_PROG
	aux->prog = env->prog;
#endif
	memcpy(env->prog->insnsi, in->insns, in->insn_cnt * sizeof(*in->insns));
	memset(env->insn_aux_data, 0, in->insn_cnt * sizeof(*env->insn_aux_data));
	for (i = 0; i < in->insn_cnt; i++)
		env->insn_aux_data[i].ADAPTER_AUX_WORD = in->aux[i];
#ifdef ADAPTER_HAS_AUX_LEN
	env->insn_aux_data_len = in->insn_cnt;
#endif
	aux->nr_linfo = in->line_cnt;
	for (i = 0; i < in->line_cnt; i++)
		aux->linfo[i] = (struct bpf_line_info){
			.insn_off = in->lines[i].insn_off, .line_col = in->lines[i].id,
		};
	aux->func_info_cnt = in->subprog_cnt;
	env->subprog_cnt = in->subprog_cnt;
	for (i = 0; i < in->subprog_cnt; i++) {
		const u32 start = in->subprogs[i].start;

		while (line < in->line_cnt && in->lines[line].insn_off < start)
			line++;
		env->subprog_info[i].start = start;
		env->subprog_info[i].linfo_idx = line;
		aux->func_info[i] = (struct bpf_func_info){
			.insn_off = start, .type_id = in->subprogs[i].id,
		};
	}
	/* the sentinel after the last subprogram starts at the end of the program */
	env->subprog_info[i].start = in->insn_cnt;
	return true;
}

static void adapter_store(struct bpf_patcher_image *out)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog_aux *aux = &adapter.aux;
	u32 i;

	out->insn_cnt = env->prog->len;
	memcpy(out->insns, env->prog->insnsi, out->insn_cnt * sizeof(*out->insns));
	for (i = 0; i < out->insn_cnt; i++)
		out->aux[i] = env->insn_aux_data[i].ADAPTER_AUX_WORD;
	out->subprog_cnt = env->subprog_cnt;
	for (i = 0; i < out->subprog_cnt; i++) {
		out->subprogs[i].start = env->subprog_info[i].start;
		out->subprogs[i].id = aux->func_info[i].type_id;
	}
	out->line_cnt = aux->nr_linfo;
	for (i = 0; i < out->line_cnt; i++) {
		out->lines[i].insn_off = aux->linfo[i].insn_off;
		out->lines[i].id = aux->linfo[i].line_col;
	}
}

#endif
