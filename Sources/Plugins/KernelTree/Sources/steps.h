/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Calls of the functions that patch and remove. A call is repeated after a failed allocation or a signal. */
#ifndef STEPS_H
#define STEPS_H

#include "snapshot.h"

/* One call of a function that patches or removes. */
static int adapter_call(u32 off, u32 remove, const struct bpf_insn *patch, u32 len)
{
	int err;

	standin_error = 0;
	memory_failures.has_failed = false;
	err = step(adapter.env, off, remove, patch, len);
	memory_check_guards(~0u);
	return err;
}

/* Returns true if a patch that grows a program by `growth` may be refused, because a jump is long. */
static bool adapter_may_refuse(u32 growth)
{
	const struct bpf_prog *prog = adapter.env->prog;
	u32 i;

	if (prog->len + growth <= S16_MAX)
		return false;
	for (i = 0; i < prog->len; i++)
		if (adapter_field(&prog->insnsi[i]) == ADAPTER_OFF &&
		    abs((s32)prog->insnsi[i].off) + growth > S16_MAX)
			return true;
	return false;
}

/*
 * One call. If it fails, all tables must be as before. If it failed for lack of
 * memory or because of a signal, it is repeated without. Allocations fail only
 * as long as the tables can be copied.
 */
static int adapter_step(u32 off, u32 remove, const struct bpf_insn *patch, u32 len)
{
	const bool may_fail = memory_failures.one_in || (len > 1 && adapter_may_refuse(len - 1));
	int err;

	if (likely(!may_fail))
		return adapter_call(off, remove, patch, len);
	if (snapshot.copied > SNAPSHOT_MOST) {
		memory_failures.is_paused = true;
		err = adapter_call(off, remove, patch, len);
		memory_failures.is_paused = false;
		return err;
	}
	if (!snapshot_take())
		return -ENOMEM;
	err = adapter_call(off, remove, patch, len);
	if (!err)
		return 0;
	if (!snapshot_is_unchanged())
		return memory_failures.has_failed ? -BPF_PATCHER_KERNEL_DAMAGED : -BPF_PATCHER_KERNEL_CHANGED;
	if (memory_failures.has_failed) {
		memory_failures.is_paused = true;
		err = adapter_call(off, remove, patch, len);
		memory_failures.is_paused = false;
	}
	return err;
}

#endif
