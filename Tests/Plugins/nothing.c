// SPDX-License-Identifier: BSD-2-Clause
/*
 * A patcher that does no work, to measure the cost of a case without the patcher. Every answer is wrong, so the cost includes
 * the triage of findings. With -DCOPY the result is a copy of the input.
 *
 *   cc -shared -fPIC -O2 -I Sources/CBPFPatcher/include Tests/Plugins/nothing.c -o nothing.so
 *   bpf-patch-fuzz run --seed 1 --cases 1e6 --jobs 1 --plugin ./nothing.so --crashes /tmp/crashes
 */
#include <errno.h>
#include <string.h>

#include "bpf_patcher.h"

static int apply(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
		 struct bpf_patcher_image *out)
{
	(void)edits;
	(void)edit_cnt;
#ifdef COPY
	memcpy(out->insns, in->insns, in->insn_cnt * sizeof(*in->insns));
	memcpy(out->aux, in->aux, in->insn_cnt * sizeof(*in->aux));
	memcpy(out->subprogs, in->subprogs, in->subprog_cnt * sizeof(*in->subprogs));
	memcpy(out->lines, in->lines, in->line_cnt * sizeof(*in->lines));
	out->insn_cnt = in->insn_cnt;
	out->subprog_cnt = in->subprog_cnt;
	out->line_cnt = in->line_cnt;
	return 0;
#else
	(void)in;
	(void)out;
	return -EINVAL;
#endif
}

const struct bpf_patcher *bpf_patcher_v1(void)
{
	static const struct bpf_patcher patcher = {
		.abi = BPF_PATCHER_ABI,
		/* Every capability. STEPWISE is none. */
		.caps = ((BPF_PATCHER_REFUSES << 1) - 1) & ~BPF_PATCHER_STEPWISE,
		.name = "nothing",
		.apply = apply,
	};

	return &patcher;
}
