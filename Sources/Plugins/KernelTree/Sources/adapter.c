/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A patcher built from the functions of a kernel tree. The adapter takes the
 * place of their callers in the verifier.
 *
 * It is compiled after the functions in one translation unit. An edit is one or
 * two calls. The adapter computes the caller's part (offsets in the patch, the
 * aux word of a kept instruction) for the layout after this edit. Calls for
 * later edits adjust it further.
 */
/* KernelPlugin.swift defines these macros in the compiled file. */
#ifndef ADAPTER_RELEASE
#error "ADAPTER_RELEASE is not set"
#endif

#include "edits.h"
#include "image.h"
#include "tables.h"

static bool adapter_is_answer(int err)
{
	return err != -BPF_PATCHER_KERNEL_DAMAGED && err != -BPF_PATCHER_KERNEL_STALE;
}

static int adapter_apply(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits,
			 __u32 edit_cnt, struct bpf_patcher_image *out)
{
	int err = -ENOMEM;

	/* the verifier refuses such programs before it patches */
	if (in->subprog_cnt > ADAPTER_SUBPROGS)
		return -EINVAL;
	if (!adapter.env)
		adapter.env = calloc(1, sizeof(*adapter.env));
	adapter.edits = edits;
	if (!adapter.env ||
	    !adapter_grow(&adapter.moved, &adapter.moved_cap, edit_cnt + 1, sizeof(s32)))
		return -ENOMEM;
	memory_pass++;
	memory_freed_classes = 0;
	if (adapter_load(in)) {
		tables_inject(in->insn_cnt, edit_cnt);
		err = adapter_run(edit_cnt);
	}
	if (!err && !tables_are_right(edit_cnt))
		err = -BPF_PATCHER_KERNEL_STALE;
	if (!err)
		adapter_store(out);
	standin_run_later();
	memory_check_pass();
	/* the functions may already have freed one of these */
	memory_release(adapter.env->prog);
	memory_release(adapter.env->insn_aux_data);
	memory_release(adapter.aux.linfo);
	memory_release(adapter.aux.func_info);
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	memory_release(adapter.aux.func_info_aux);
#endif
	memory_failures.one_in = 0;
	/* the remaining blocks are leaks, which are expected after damage */
	if (memory_drop_all() && adapter_is_answer(err))
		err = -BPF_PATCHER_KERNEL_LEAKED;
	return err;
}

static void adapter_fail_alloc(__u64 seed, __u32 one_in)
{
	memory_failures.seed = seed;
	memory_failures.one_in = one_in;
}

static __u64 adapter_failed_allocs(void)
{
	return memory_failures.count;
}

__attribute__((visibility("default"))) const struct bpf_patcher *bpf_patcher_v1(void)
{
	static const struct bpf_patcher patcher = {
		.abi = BPF_PATCHER_ABI,
		.caps = BPF_PATCHER_DELETE | BPF_PATCHER_INSERT | BPF_PATCHER_RANGE |
#ifdef ADAPTER_HAS_ADJUST_JMP_OFF
			BPF_PATCHER_SKIP_JUMPS |
#endif
			BPF_PATCHER_KEEP_JUMP | BPF_PATCHER_REFS | BPF_PATCHER_AUX |
			BPF_PATCHER_SUBPROGS | BPF_PATCHER_LINES | BPF_PATCHER_STEPWISE,
		.name = ADAPTER_NAME,
		.apply = adapter_apply,
	};

	return &patcher;
}

__attribute__((visibility("default"))) const struct bpf_patcher_kernel *bpf_patcher_kernel_v1(void)
{
	static const struct bpf_patcher_kernel kernel = {
		.abi = BPF_PATCHER_ABI,
		.release = ADAPTER_RELEASE,
		.fail_alloc = adapter_fail_alloc,
		.failed_allocs = adapter_failed_allocs,
		.limits = ADAPTER_LIMITS,
		.max_subprogs = ADAPTER_SUBPROGS,
	};

	return &kernel;
}
