/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Converts a program to the verifier's structures and back. All blocks are exactly as large as in the kernel. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "layout.h"

#define ENVIRONMENT_SMALL_PAGE 3

/*
 * Chooses the size of a page: 8 bytes, so that each patch reallocates. With one
 * number of instructions in eight it is the kernel's, so that a block has unused
 * room, and for programs that need more pages than `pages` can count.
 */
static void environment_choose_page(u32 insn_cnt, u32 edit_cnt)
{
	u64 most = insn_cnt + 64;
	u32 i;

	for (i = 0; i < edit_cnt; i++)
		most += adapter.edits[i].patch_len;
	standin_page_shift = insn_cnt % 8 == 7 || most > 60000 ? STANDIN_PAGE_SHIFT : ENVIRONMENT_SMALL_PAGE;
}

static bool environment_make_program(const struct bpf_patcher_image *in)
{
	const size_t size = offsetof(struct bpf_prog, insnsi) + in->insn_cnt * sizeof(struct bpf_insn);
	struct bpf_prog *prog = memory_take(round_up(size, PAGE_SIZE));
	u32 i;

	adapter.env->prog = prog;
	if (!prog)
		return false;
	memset(prog, 0, round_up(size, PAGE_SIZE));
	prog->pages = round_up(size, PAGE_SIZE) / PAGE_SIZE;
	prog->len = in->insn_cnt;
	prog->aux = &adapter.aux;
#ifdef ADAPTER_HAS_STATS
	prog->stats = adapter.stats = memory_take(8);
	prog->active = adapter.active = memory_take(8);
#endif
#ifdef ADAPTER_HAS_AUX_PROG
	adapter.aux.prog = prog;
#endif
	for (i = 0; i < in->insn_cnt; i++)
		prog->insnsi[i] = disguise_input(i);
	return true;
}

static bool environment_make_rows(const struct bpf_patcher_image *in)
{
	struct bpf_verifier_env *env = adapter.env;
	u32 i;

	env->insn_aux_data = memory_take(in->insn_cnt * sizeof(*env->insn_aux_data));
	if (!env->insn_aux_data)
		return false;
	for (i = 0; i < in->insn_cnt; i++)
		layout_input(i, &env->insn_aux_data[i], 0);
#ifdef ADAPTER_HAS_AUX_LEN
	env->insn_aux_data_len = in->insn_cnt;
#endif
#ifdef ADAPTER_HAS_CLEANUP_INFO_CNT
	env->cleanup_info_cnt = 1;
#endif
	return true;
}

static bool environment_make_lines(const struct bpf_patcher_image *in)
{
	struct bpf_prog_aux *aux = &adapter.aux;
	u32 i;

	aux->nr_linfo = in->line_cnt;
	/* without lines there is no table */
	if (!in->line_cnt)
		return true;
	aux->linfo = memory_take(in->line_cnt * sizeof(*aux->linfo));
	if (!aux->linfo)
		return false;
	for (i = 0; i < in->line_cnt; i++)
		aux->linfo[i] = adapter_line(in->lines[i].insn_off, in->lines[i].id);
	return true;
}

static bool environment_make_subprogs(const struct bpf_patcher_image *in)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog_aux *aux = &adapter.aux;
	u32 i, line = 0;

	aux->func_info = memory_take(in->subprog_cnt * sizeof(*aux->func_info));
	if (!aux->func_info)
		return false;
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	aux->func_info_aux = memory_take(in->subprog_cnt * sizeof(*aux->func_info_aux));
	if (!aux->func_info_aux)
		return false;
#endif
	aux->func_info_cnt = in->subprog_cnt;
	env->subprog_cnt = in->subprog_cnt;
	for (i = 0; i < in->subprog_cnt; i++) {
		const u32 start = in->subprogs[i].start;

		while (line < in->line_cnt && in->lines[line].insn_off < start)
			line++;
		adapter.has_line[i] = line < in->line_cnt && in->lines[line].insn_off == start;
		memcpy(&env->subprog_info[i], rows_template(&subprog_info_rows, i), sizeof(*env->subprog_info));
#ifdef KIT_HAS_PASSES
		facts_fill_subprogram(i, &env->subprog_info[i]);
#endif
		env->subprog_info[i].start = start;
		env->subprog_info[i].linfo_idx = line;
		aux->func_info[i] = (struct bpf_func_info){
			.insn_off = start, .type_id = in->subprogs[i].id,
		};
#ifdef KIT_HAS_PASSES
		/* where the subprogram was before other passes */
		if (facts.pass == FACTS_adjust_btf_func)
			aux->func_info[i].insn_off += i + 1;
#endif
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
		memcpy(&aux->func_info_aux[i], rows_template(&func_info_aux_rows, i), sizeof(*aux->func_info_aux));
#endif
	}
	/* the sentinel after the last subprogram starts at the end of the program */
	env->subprog_info[i].start = in->insn_cnt;
	env->subprog_info[i].linfo_idx = in->line_cnt;
	return true;
}

/* Sets up the verifier's state at the start of patching. */
static bool environment_load(const struct bpf_patcher_image *in, u32 edit_cnt)
{
	struct bpf_verifier_env *env = adapter.env;
	const size_t info = offsetof(struct bpf_verifier_env, subprog_info);
	const size_t rest = info + sizeof(env->subprog_info);

	memset(env, 0, info);
	memset(env->subprog_info, 0, adapter.used_subprogs * sizeof(env->subprog_info[0]));
	memset((char *)env + rest, 0, sizeof(*env) - rest);
	adapter.used_subprogs = in->subprog_cnt + 1;
	memset(&adapter.aux, 0, sizeof(adapter.aux));
	environment_choose_page(in->insn_cnt, edit_cnt);
	owned_choose(edit_cnt);
	if (!environment_make_program(in) || !environment_make_rows(in) || !environment_make_lines(in) ||
	    !environment_make_subprogs(in))
		return false;
	tables_choose(in->insn_cnt, edit_cnt);
	tables_inject();
	return true;
}

/* Frees what the functions have not freed. */
static void environment_unload(void)
{
	memory_release(adapter.env->prog);
	memory_release(adapter.env->insn_aux_data);
	memory_release(adapter.aux.linfo);
	memory_release(adapter.aux.func_info);
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	memory_release(adapter.aux.func_info_aux);
#endif
#ifdef ADAPTER_HAS_POKE
	memory_release(adapter.aux.poke_tab);
#endif
#ifdef ADAPTER_HAS_STATS
	memory_release(adapter.stats);
	memory_release(adapter.active);
#endif
#ifdef ADAPTER_FUNC_PTRS_COUNT
	memory_release(adapter.env->func_ptrs);
#endif
	owned_release();
}

static void environment_store(struct bpf_patcher_image *out, u32 edit_cnt)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog_aux *aux = &adapter.aux;
	u32 i;

	out->insn_cnt = env->prog->len;
	memcpy(out->insns, env->prog->insnsi, out->insn_cnt * sizeof(*out->insns));
	disguise_end(out->insns, out->insn_cnt, edit_cnt);
#ifdef KIT_HAS_PASSES
	facts_hide_random(out->insns, out->insn_cnt, edit_cnt);
#endif
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
