/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Calls of the functions that patch and remove. A call is repeated after a failed allocation. */
#ifndef STEPS_H
#define STEPS_H

#include "state.h"

/* A copy of the state that a step must not change if an allocation fails. */
struct adapter_copy {
	struct bpf_insn *insns;
	struct bpf_insn_aux_data *aux;
	struct bpf_line_info *lines;
	struct bpf_subprog_info *subprogs;
	struct bpf_func_info *funcs;
	u32 len, line_cnt, subprog_cnt;
};

static void *adapter_duplicate(const void *bytes, size_t size)
{
	void *copy = malloc(size + 1);

	if (copy && size)
		memcpy(copy, bytes, size);
	return copy;
}

static void adapter_copy(struct adapter_copy *copy)
{
	struct bpf_verifier_env *env = adapter.env;

	copy->len = env->prog->len;
	copy->line_cnt = adapter.aux.nr_linfo;
	copy->subprog_cnt = env->subprog_cnt;
	copy->insns = adapter_duplicate(env->prog->insnsi, copy->len * sizeof(*copy->insns));
	copy->aux = adapter_duplicate(env->insn_aux_data, copy->len * sizeof(*copy->aux));
	copy->lines = adapter_duplicate(adapter.aux.linfo, copy->line_cnt * sizeof(*copy->lines));
	copy->subprogs = adapter_duplicate(env->subprog_info,
					   (copy->subprog_cnt + 1) * sizeof(*copy->subprogs));
	copy->funcs = adapter_duplicate(adapter.aux.func_info,
					copy->subprog_cnt * sizeof(*copy->funcs));
}

static bool adapter_is_unchanged(const struct adapter_copy *copy)
{
	struct bpf_verifier_env *env = adapter.env;

	return memory_is_live(env->prog) && memory_is_live(env->insn_aux_data) &&
	       env->prog->aux == &adapter.aux && env->prog->len == copy->len &&
	       env->subprog_cnt == copy->subprog_cnt && adapter.aux.nr_linfo == copy->line_cnt &&
	       !memcmp(env->prog->insnsi, copy->insns, copy->len * sizeof(*copy->insns)) &&
	       !memcmp(env->insn_aux_data, copy->aux, copy->len * sizeof(*copy->aux)) &&
	       !memcmp(adapter.aux.linfo, copy->lines, copy->line_cnt * sizeof(*copy->lines)) &&
	       !memcmp(env->subprog_info, copy->subprogs,
		       (copy->subprog_cnt + 1) * sizeof(*copy->subprogs)) &&
	       !memcmp(adapter.aux.func_info, copy->funcs,
		       copy->subprog_cnt * sizeof(*copy->funcs));
}

static void adapter_drop(struct adapter_copy *copy)
{
	free(copy->insns);
	free(copy->aux);
	free(copy->lines);
	free(copy->subprogs);
	free(copy->funcs);
}

/* One call of a function that patches or removes. */
static int adapter_call(u32 off, u32 remove, const struct bpf_insn *patch, u32 len)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog *prog;

	standin_error = 0;
	memory_failures.has_failed = false;
	if (!len)
		return verifier_remove_insns(env, off, remove);
	prog = bpf_patch_insn_data(env, off, patch, len);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	/* NULL is every error; standin_error has the code of the inner one */
	if (!prog && standin_error)
		return standin_error;
	if (!prog)
		return memory_failures.has_failed ? -ENOMEM : -ERANGE;
	env->prog = prog;
	return 0;
}

/* One call, repeated without failures if it failed for lack of memory. */
static int adapter_step(u32 off, u32 remove, const struct bpf_insn *patch, u32 len)
{
	struct adapter_copy copy;
	int err;

	if (likely(!memory_failures.one_in))
		return adapter_call(off, remove, patch, len);
	adapter_copy(&copy);
	err = adapter_call(off, remove, patch, len);
	if (err && memory_failures.has_failed) {
		if (adapter_is_unchanged(&copy)) {
			memory_failures.is_paused = true;
			err = adapter_call(off, remove, patch, len);
			memory_failures.is_paused = false;
		} else {
			err = -BPF_PATCHER_KERNEL_DAMAGED;
		}
	}
	adapter_drop(&copy);
	return err;
}

#endif
