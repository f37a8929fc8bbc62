// SPDX-License-Identifier: BSD-2-Clause
/*
 * A patcher that does nothing but answer, to measure what a case costs besides the patcher. Every answer is wrong, so this
 * includes the judging of findings. With -DCOPY it gives its input as the result.
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
		/* Everything; it would be stepwise only if it adjusted after every edit. */
		.caps = ((BPF_PATCHER_REFUSES << 1) - 1) & ~BPF_PATCHER_STEPWISE,
		.name = "nothing",
		.apply = apply,
	};

	return &patcher;
}
