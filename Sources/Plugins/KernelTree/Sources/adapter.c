/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A patcher built from the functions of a kernel tree. The adapter takes the
 * place of their callers in the verifier.
 *
 * It is compiled after the functions in one translation unit. By step(), an edit
 * is one or two calls: edits.h computes the caller's part (offsets in the patch,
 * the aux word of a kept instruction) for the layout after this edit, and calls
 * for later edits adjust it further. By apply(), a pass is one call: whole.h. A
 * pass of the kernel is one call of its function: passes.h.
 */
/* KernelPlugin.swift defines these macros in the compiled file. */
#ifndef ADAPTER_RELEASE
#error "ADAPTER_RELEASE is not set"
#endif

#include "snapshot.h"
#include "kit.h"
#ifdef KIT_HAS_PASSES
#include "passes.h"
#elif defined(KIT_HAS_APPLY)
#include "whole.h"
#define adapter_run whole_run
#else
#include "chosen.c"
#include "edits.h"
#endif
#ifndef KIT_LACKS
#define KIT_LACKS 0
#endif

static bool adapter_is_answer(int err)
{
	return err != -BPF_PATCHER_KERNEL_DAMAGED && err != -BPF_PATCHER_KERNEL_STALE &&
	       err != -BPF_PATCHER_KERNEL_CHANGED;
}

/* Says which failure preceded the damage. */
static void adapter_name_failure(void)
{
	const size_t used = strlen(report.words);

	snprintf(report.words + used, sizeof(report.words) - used, "; %s at %s failed in %s()", memory_failures.what,
		 memory_failures.place, memory_failures.function);
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
	adapter.in = in;
	adapter.edits = edits;
	adapter.edit_cnt = edit_cnt;
	if (!adapter.env || !adapter.has_rows ||
	    !adapter_grow(&adapter.moved, &adapter.moved_cap, edit_cnt + 1, sizeof(s32)))
		return -ENOMEM;
	adapter.moved[0] = 0;
	standin_random_state = 0;
	report_clear();
	memory_pass++;
	memory_freed_classes = 0;
	snapshot.copied = 0;
#ifdef KIT_HAS_PASSES
	if (!facts_load(edit_cnt))
		return -ENOMEM;
#endif
	if (environment_load(in, edit_cnt))
		err = adapter_run(edit_cnt);
#ifdef KIT_HAS_PASSES
	if (!err && *report.table)
		err = -BPF_PATCHER_KERNEL_STALE;
#else
	if (!err && !check_all(edit_cnt))
		err = -BPF_PATCHER_KERNEL_STALE;
#endif
	if (!err)
		environment_store(out, edit_cnt);
	if (err == -BPF_PATCHER_KERNEL_DAMAGED)
		adapter_name_failure();
	standin_run_later();
	memory_check_guards(~0u);
	memory_check_pass();
	environment_unload();
	memory_failures.one_in = 0;
	/* the remaining blocks are leaks, which are expected after damage */
	if (memory_drop_all() && adapter_is_answer(err))
		err = -BPF_PATCHER_KERNEL_LEAKED;
	return err;
}

static const char *adapter_fault_table(void)
{
	return report.table;
}

static const char *adapter_fault(void)
{
	return report.words;
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
		.caps = (BPF_PATCHER_DELETE | BPF_PATCHER_INSERT | BPF_PATCHER_RANGE |
#if defined(KIT_HAS_SKIP) || defined(KIT_HAS_APPLY) || defined(KIT_HAS_PASSES)
			 BPF_PATCHER_SKIP_JUMPS |
#endif
#ifndef KIT_HAS_APPLY
			 BPF_PATCHER_STEPWISE |
#endif
			 BPF_PATCHER_KEEP_JUMP | BPF_PATCHER_REFS | BPF_PATCHER_AUX | BPF_PATCHER_SUBPROGS |
			 BPF_PATCHER_LINES) & ~(KIT_LACKS),
		.name = ADAPTER_NAME,
		.apply = adapter_apply,
	};

	/* before the harness forks */
	adapter.has_rows = rows_make_all();
#ifdef COVERAGE_COUNT
	coverage_open();
#endif
	return &patcher;
}

__attribute__((visibility("default"))) const struct bpf_patcher_kernel *bpf_patcher_kernel_v2(void)
{
	static const struct bpf_patcher_kernel kernel = {
		.abi = BPF_PATCHER_ABI,
		.release = ADAPTER_RELEASE,
		.fail_alloc = adapter_fail_alloc,
		.failed_allocs = adapter_failed_allocs,
		.fault_table = adapter_fault_table,
		.fault = adapter_fault,
		.limits = ADAPTER_LIMITS,
		.max_subprogs = ADAPTER_SUBPROGS,
	};

	return &kernel;
}

#ifdef KIT_HAS_PASSES
__attribute__((visibility("default"))) const struct bpf_patcher_passes *bpf_patcher_passes_v1(void)
{
	static const struct bpf_patcher_passes passes = {
		.abi = BPF_PATCHER_ABI,
		.count = ARRAY_SIZE(passes_names),
		.names = passes_names,
		.choose = passes_choose,
	};

	return &passes;
}
#endif
