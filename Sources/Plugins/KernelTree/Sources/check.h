/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Checks all that the functions keep beside the result, after a pass. */
#ifndef CHECK_H
#define CHECK_H

#include "environment.h"

/* The program's block and the pointers to it. */
static bool check_program(void)
{
	const struct bpf_prog *prog = adapter.env->prog;
	size_t needed, pages;

	if (!memory_is_live(prog))
		return report_stale("prog", "env->prog was freed");
	needed = offsetof(struct bpf_prog, insnsi) + prog->len * sizeof(struct bpf_insn);
	pages = prog->pages * PAGE_SIZE;
	if (!memory_is_live(adapter.env->insn_aux_data))
		return report_stale("insn_aux_data", "env->insn_aux_data was freed");
	if (prog->aux != &adapter.aux)
		return report_stale("prog", "prog->aux is not the aux of the program");
#ifdef ADAPTER_HAS_AUX_PROG
	if (adapter.aux.prog != prog)
		return report_stale("prog", "prog->aux->prog must be env->prog and is another program");
#endif
	if (needed > pages || pages > round_up(memory_size(prog), PAGE_SIZE))
		return report_stale("prog", "prog->pages is %u; the program needs %zu bytes and its block has %zu",
				    prog->pages, needed, memory_size(prog));
#ifdef ADAPTER_HAS_STATS
	if ((void *)prog->stats != adapter.stats || (void *)prog->active != adapter.active)
		return report_stale("prog", "prog->stats or prog->active has changed");
	if (!memory_is_live(adapter.stats) || !memory_is_live(adapter.active))
		return report_stale("prog", "prog->stats or prog->active was freed");
#endif
#ifdef ADAPTER_HAS_AUX_LEN
	if (adapter.env->insn_aux_data_len != prog->len)
		return report_stale("insn_aux_data", "insn_aux_data_len must be %u and is %u", prog->len,
				    adapter.env->insn_aux_data_len);
#endif
	return memory_size(adapter.env->insn_aux_data) >= prog->len * sizeof(struct bpf_insn_aux_data) ||
	       report_stale("insn_aux_data", "its block has %zu bytes, which are too few for %u rows",
			    memory_size(adapter.env->insn_aux_data), prog->len);
}

/* The fields of line records beside `insn_off`. */
static bool check_lines(void)
{
	const struct bpf_prog_aux *aux = &adapter.aux;
	u32 i;

	for (i = 0; i < aux->nr_linfo; i++) {
		const struct bpf_line_info *is = &aux->linfo[i], must = adapter_line(is->insn_off, is->line_col);

		if (memcmp(is, &must, sizeof(must)))
			return report_stale("linfo", "linfo[%u] must have file_name_off 0x%x and line_off 0x%x with line_col "
					    "0x%x and has 0x%x and 0x%x", i, must.file_name_off, must.line_off,
					    must.line_col, is->file_name_off, is->line_off);
	}
	return true;
}

/* The row after the last subprogram starts at the end of the program; the last one ends there. */
static bool check_end(void)
{
	const struct bpf_verifier_env *env = adapter.env;
	const u32 start = env->subprog_info[env->subprog_cnt].start;

	return start == env->prog->len ||
	       report_stale("subprog_info", "subprog_info[%u].start, the end of the last subprogram, must be %u and is %u",
			    env->subprog_cnt, env->prog->len, start);
}

/*
 * The number of the first line of a subprogram that had a line at its start. Any
 * number is right for others, which the verifier refuses.
 */
static u32 check_first_line(u32 input, const struct bpf_subprog_info *row)
{
	const struct bpf_prog_aux *aux = &adapter.aux;
	u32 line = row->linfo_idx;

	if (!adapter.has_line[input] || (line < aux->nr_linfo && aux->linfo[line].insn_off == row->start))
		return line;
	for (line = 0; line < aux->nr_linfo && aux->linfo[line].insn_off < row->start; line++)
		;
	/* a wrong insn_off or start is part of the result */
	return line < aux->nr_linfo && aux->linfo[line].insn_off == row->start ? line : row->linfo_idx;
}

/* Each row of a subprogram, of its func_info and of its func_info_aux must be those of the same input subprogram. */
static bool check_subprogs(void)
{
	const struct bpf_verifier_env *env = adapter.env;
	const struct bpf_prog_aux *aux = &adapter.aux;
	u32 i, input = 0;

	if (aux->func_info_cnt != env->subprog_cnt)
		return report_stale("func_info", "func_info_cnt must be %u, as subprog_cnt, and is %u", env->subprog_cnt,
				    aux->func_info_cnt);
	for (i = 0; i < env->subprog_cnt; i++, input++) {
		struct bpf_subprog_info row;

		/* the id tells the input subprogram; a wrong one is part of the result */
		while (input < adapter.in->subprog_cnt && adapter.in->subprogs[input].id != aux->func_info[i].type_id)
			input++;
		if (input == adapter.in->subprog_cnt)
			return true;
		memcpy(&row, rows_template(&subprog_info_rows, input), sizeof(row));
		row.start = env->subprog_info[i].start;
		row.linfo_idx = check_first_line(input, &env->subprog_info[i]);
#ifdef KIT_HAS_PASSES
		facts_fill_subprogram(input, &row);
		facts_change_subprogram(input, &row);
#endif
		if (!rows_are_equal(&subprog_info_rows, i, &row, &env->subprog_info[i]))
			return false;
		/* the caller writes insn_off after all passes */
		if (aux->func_info[i].insn_off != adapter.in->subprogs[input].start &&
		    aux->func_info[i].insn_off != row.start)
			return report_stale("func_info", "func_info[%u].insn_off must be %u and is %u", i,
					    adapter.in->subprogs[input].start, aux->func_info[i].insn_off);
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
		if (!rows_are_equal(&func_info_aux_rows, i, rows_template(&func_info_aux_rows, input),
				    &aux->func_info_aux[i]))
			return false;
#endif
	}
	return true;
}

/* Returns true if everything is as it must be after `count` edits. */
static bool check_all(u32 count)
{
	return check_program() && layout_is_right(count) && tables_are_right(count) && owned_are_right(count) &&
	       check_lines() && check_end() && check_subprogs();
}

#endif
