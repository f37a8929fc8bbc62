/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Runs a pass of the kernel on an environment with the facts that it needs. */
#ifndef PASSES_H
#define PASSES_H

#include "snapshot.h"
#include "words.h"

#define PASSES_NAME(name) #name,
#define PASSES_NUMBER(name) FACTS_##name,

static const char *const passes_names[] = { KIT_PASSES(PASSES_NAME) };
static const enum facts_pass passes_numbers[] = { KIT_PASSES(PASSES_NUMBER) };

static void passes_choose(__u32 number)
{
	if (number < ARRAY_SIZE(passes_numbers))
		facts.pass = passes_numbers[number];
}

#ifdef KIT_PASS_bpf_jit_blind_constants
/* The JIT blinds one function alone. Its program is a clone, which replaces the original one. */
static int passes_blind(void)
{
	struct bpf_prog *prog = adapter.env->prog, *blinded;
	u32 i;

	prog->blinding_requested = 1;
	adapter.aux.verifier_zext = 0;
	for (i = 0; i < adapter.edit_cnt; i++)
		adapter.aux.verifier_zext |= adapter.edits[i].remove_cnt == 2 && adapter.edits[i].patch_len == 8;
	blinded = bpf_jit_blind_constants(prog);
	if (IS_ERR(blinded)) {
		/* the JIT continues with the original program */
		if (prog->len != adapter.in->insn_cnt ||
		    memcmp(prog->insnsi, adapter.in->insns, prog->len * sizeof(*prog->insnsi)))
			report_stale("insns", "the original program has changed after an error");
		return PTR_ERR(blinded);
	}
	if (blinded != prog)
		bpf_jit_prog_release_other(blinded, prog);
	adapter.env->prog = blinded;
	return 0;
}

/* Gives each slot of a blinded program a row with its word, as patches in the verifier do. */
static bool passes_make_rows(u32 count)
{
	const u32 len = adapter.env->prog->len;
	struct bpf_insn_aux_data *rows = memory_take(len * sizeof(*rows));
	u32 at = 0, next = 0, i;

	if (!rows)
		return false;
	memset(rows, 0, len * sizeof(*rows));
	for (i = 0; i <= count; i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		const u32 end = i < count ? edit->off : adapter.in->insn_cnt;

		for (; next < end && at < len; next++, at++)
			rows[at].ADAPTER_AUX_WORD = adapter.in->aux[next];
		if (i == count)
			break;
		at += edit->patch_len;
		if (at - 1 < len)
			rows[at - 1].ADAPTER_AUX_WORD = adapter.in->aux[edit->off];
		next = edit->off + edit->remove_cnt;
	}
	memory_release(adapter.env->insn_aux_data);
	adapter.env->insn_aux_data = rows;
	return true;
}

/* Blinding changes no table of the verifier. */
static bool passes_check_blinded(u32 count)
{
	const struct bpf_insn_aux_data *rows = adapter.env->insn_aux_data;
	struct bpf_insn_aux_data must;
	u32 i;

	if (!memory_is_live(rows))
		return report_stale("insn_aux_data", "env->insn_aux_data was freed");
	for (i = 0; i < adapter.in->insn_cnt; i++) {
		layout_input(i, &must, 0);
		if (!rows_are_equal(&insn_aux_data_rows, i, &must, &rows[i]))
			return false;
	}
	return passes_make_rows(count) && check_program() && check_lines() && check_subprogs();
}
#endif

#ifdef KIT_PASS_optimize_bpf_loop
/* The program needs the stack of its first subprogram. */
static bool passes_check_stack(void)
{
	const u32 must = adapter.env->subprog_info[0].stack_depth, is = adapter.aux.stack_depth;

	return facts.pass != FACTS_optimize_bpf_loop || is == must ||
	       report_stale("prog", "prog->aux->stack_depth must be %u, as subprog_info[0].stack_depth, and is %u", must,
			    is);
}
#endif

static int passes_call(void)
{
	struct bpf_verifier_env *env = adapter.env;
	int err = 0;

	standin_error = 0;
	memory_failures.has_failed = false;
	switch (facts.pass) {
#ifdef KIT_PASS_opt_hard_wire_dead_code_branches
	case FACTS_opt_hard_wire_dead_code_branches:
		opt_hard_wire_dead_code_branches(env);
		break;
#endif
#ifdef KIT_PASS_opt_remove_dead_code
	case FACTS_opt_remove_dead_code:
		err = opt_remove_dead_code(env);
		break;
#endif
#ifdef KIT_PASS_opt_remove_nops
	case FACTS_opt_remove_nops:
		err = opt_remove_nops(env);
		break;
#endif
#ifdef KIT_PASS_sanitize_dead_code
	case FACTS_sanitize_dead_code:
		sanitize_dead_code(env);
		break;
#endif
#ifdef KIT_PASS_opt_subreg_zext_lo32_rnd_hi32
	case FACTS_opt_subreg_zext_lo32_rnd_hi32: {
		const union bpf_attr attr = { .prog_flags = facts.randomizes ? BPF_F_TEST_RND_HI32 : 0 };

		err = opt_subreg_zext_lo32_rnd_hi32(env, &attr);
		break;
	}
#endif
#ifdef KIT_PASS_remove_fastcall_spills_fills
	case FACTS_remove_fastcall_spills_fills:
		err = remove_fastcall_spills_fills(env);
		break;
#endif
#ifdef KIT_PASS_optimize_bpf_loop
	case FACTS_optimize_bpf_loop:
		err = optimize_bpf_loop(env);
		break;
#endif
#ifdef KIT_PASS_bpf_jit_blind_constants
	case FACTS_bpf_jit_blind_constants:
		err = passes_blind();
		break;
#endif
#ifdef KIT_PASS_adjust_btf_func
	case FACTS_adjust_btf_func:
		adjust_btf_func(env);
		break;
#endif
	default:
		err = -EINVAL;
	}
	memory_check_guards(~0u);
	/* passes return -ENOMEM for every error of a patch */
	return err == -ENOMEM ? kit_error(-ENOMEM) : err;
}

/*
 * Runs the pass. If it fails for lack of memory or because of a signal, a load
 * fails as well, so the program may be half changed, but its blocks must be
 * live. The pass is then run on a new environment without failures.
 */
static int adapter_run(u32 count)
{
	u32 i;
	int err;

	for (i = 0; i < count; i++)
		adapter.moved[i + 1] =
			adapter.moved[i] + (s32)adapter.edits[i].patch_len - (s32)adapter.edits[i].remove_cnt;
	tables_inject_pokes(0);
	err = passes_call();
	if (err && memory_failures.has_failed && !memory_failures.is_paused) {
		if (*report.table || !check_program())
			return -BPF_PATCHER_KERNEL_DAMAGED;
		environment_unload();
		memory_failures.is_paused = true;
		err = environment_load(adapter.in, count) ? 0 : -ENOMEM;
		if (!err) {
			tables_inject_pokes(0);
			err = passes_call();
		}
		memory_failures.is_paused = false;
	}
#ifdef KIT_PASS_bpf_jit_blind_constants
	if (!err && facts.pass == FACTS_bpf_jit_blind_constants) {
		/* without a report, it failed for lack of memory */
		return passes_check_blinded(count) || *report.table ? 0 : -ENOMEM;
	}
#endif
#ifdef KIT_PASS_optimize_bpf_loop
	if (!err && !passes_check_stack())
		return 0;
#endif
	if (!err && check_all(count)) {
		words_move(count);
		facts_move_words(count);
	}
	return err;
}

#endif
