// SPDX-License-Identifier: BSD-2-Clause
/* The example. Before each pass it makes forbidden accesses and records the fault addresses. */
#define bpf_patcher_v1 example_v1
#include "example.c"
#undef bpf_patcher_v1

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>

/* The fault address of each probe, or 0. */
uintptr_t probe_stops[32];
unsigned int probe_cnt;

static sigjmp_buf back;
static volatile uintptr_t stop;

static void caught(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	stop = (uintptr_t)info->si_addr;
	siglongjmp(back, 1);
}

static void touch(const void *address, int write)
{
	volatile unsigned char *byte = (void *)address;

	stop = 0;
	if (!sigsetjmp(back, 1)) {
		if (write)
			*byte = 1;
		else
			(void)*byte;
	}
	probe_stops[probe_cnt++] = stop;
}

static int probe(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
		 struct bpf_patcher_image *out)
{
	const struct bpf_patcher_edit *last = &edits[edit_cnt - 1];
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO }, before;

	sigaction(SIGSEGV, &action, &before);
	probe_cnt = 0;
	/* Writes to read-only memory. */
	touch(in->insns, 1);
	touch(in->aux, 1);
	touch(in->subprogs, 1);
	touch(in->lines, 1);
	touch(in, 1);
	touch(edits, 1);
	touch(last->patch, 1);
	touch(last->refs, 1);
	/* Reads after the end of the input. */
	touch(in->insns + in->insn_cnt, 0);
	touch(in->aux + in->insn_cnt, 0);
	touch(in->subprogs + in->subprog_cnt, 0);
	touch(in->lines + in->line_cnt, 0);
	touch(in + 1, 0);
	touch(edits + edit_cnt, 0);
	touch(last->patch + last->patch_len, 0);
	touch(last->refs + last->ref_cnt, 0);
	/* Writes after the end of the output. */
	touch(out->insns + out->insn_cap, 1);
	touch(out->aux + out->insn_cap, 1);
	touch(out->subprogs + out->subprog_cap, 1);
	touch(out->lines + out->line_cap, 1);
	touch(out + 1, 1);
	/* Allowed accesses. */
	touch(in->insns + in->insn_cnt - 1, 0);
	touch(last->patch + last->patch_len - 1, 0);
	touch(out->insns + out->insn_cap - 1, 1);
	touch(out->lines + out->line_cap - 1, 1);
	sigaction(SIGSEGV, &before, NULL);
	/* The pass has a ref, which the example ignores: its jump stays as it is. */
	return apply(in, edits, edit_cnt, out);
}

const struct bpf_patcher *bpf_patcher_v1(void)
{
	static struct bpf_patcher patcher;

	patcher = *example_v1();
	patcher.caps |= BPF_PATCHER_REFS;
	patcher.apply = probe;
	return &patcher;
}
