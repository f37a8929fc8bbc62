// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Passes with the names that kernels of 2026 have, as callers of the list. A
 * pass adds all its removals to a list, which is then applied once.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include "patch_list.h"

static int bpf_finish_list(struct bpf_verifier_env *env, struct bpf_patch_list *list, int err)
{
	if (!err)
		err = bpf_patch_list_apply(env, list);
	bpf_patch_list_free(list);
	return err;
}

static bool bpf_goes_to_next(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_JA) && !insn->off && !insn->imm && !insn->dst_reg && !insn->src_reg;
}

/* Removes the jumps to the next instruction. */
int bpf_opt_remove_nops(struct bpf_verifier_env *env)
{
	struct bpf_patch_list list = {};
	int err = 0;
	u32 at;

	for (at = 0; at < env->prog->len && !err; at++)
		if (bpf_goes_to_next(&env->prog->insnsi[at]))
			err = bpf_patch_list_remove(&list, at, 1);
	return bpf_finish_list(env, &list, err);
}

/* Removes the code that does not run, each run of slots as one. */
int bpf_opt_remove_dead_code(struct bpf_verifier_env *env)
{
	const struct bpf_insn_aux_data *aux = env->insn_aux_data;
	struct bpf_patch_list list = {};
	u32 at, end;
	int err = 0;

	for (at = 0; at < env->prog->len && !err; at = end + 1) {
		for (end = at; end < env->prog->len && !aux[end].seen; end++)
			;
		if (end > at)
			err = bpf_patch_list_remove(&list, at, end - at);
	}
	return bpf_finish_list(env, &list, err);
}

/* Makes the code that does not run a jump to itself. */
void sanitize_dead_code(struct bpf_verifier_env *env)
{
	u32 at;

	for (at = 0; at < env->prog->len; at++)
		if (!env->insn_aux_data[at].seen) {
			env->prog->insnsi[at] = (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = -1 };
			env->insn_aux_data[at].zext_dst = false;
		}
}
