/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A plug-in built from the functions of a kernel tree exports this in addition
 * to bpf_patcher_v1().
 *
 * A plug-in with this symbol is tested inside the kernel's contract only
 * (Semantics.md, "What the kernel's own functions assume"), except with
 * --beyond-contract.
 */
#ifndef BPF_PATCHER_KERNEL_H
#define BPF_PATCHER_KERNEL_H

#include "bpf_patcher.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * apply() returns this if an allocation failed and a kernel function then left
 * a changed program: EUCLEAN.
 */
#define BPF_PATCHER_KERNEL_DAMAGED 117

/*
 * apply() returns this if a table that is not part of the result was not adjusted
 * to the program: ESTALE. fault() names the table, the entry and both values.
 */
#define BPF_PATCHER_KERNEL_STALE 116

/*
 * apply() returns this if a block that a kernel function allocated was not freed,
 * in place of any answer except the two above: EOWNERDEAD.
 */
#define BPF_PATCHER_KERNEL_LEAKED 130

/*
 * apply() returns this if a kernel function refused a patch and left changed
 * tables: ENOTRECOVERABLE.
 */
#define BPF_PATCHER_KERNEL_CHANGED 131

/* Opcodes that a tree does not define. Its functions get no program or patch with them. */
enum bpf_patcher_kernel_limit {
	BPF_PATCHER_KERNEL_NO_GOTOL = 1 << 0, /* JMP32|JA, new in 6.6 */
	BPF_PATCHER_KERNEL_NO_GOTOX = 1 << 1, /* JMP|JA|X, new in 6.19 */
};

struct bpf_patcher_kernel {
	__u32 abi;           /* BPF_PATCHER_ABI */
	const char *release; /* of the tree, as in its Makefile: "6.12.48" */
	/*
	 * Makes one allocation in `one_in` fail during the next apply(), chosen by
	 * `seed`; 0 for none. Tests for a pending signal become true as often. A
	 * step that fails for this reason must have changed nothing; the plug-in
	 * checks that and then repeats the step.
	 */
	void (*fail_alloc)(__u64 seed, __u32 one_in);
	/* The number of allocations that failed this way since the plug-in was loaded. */
	__u64 (*failed_allocs)(void);
	__u32 limits;       /* BPF_PATCHER_KERNEL_NO_* */
	__u32 max_subprogs; /* the verifier's limit; programs with more are not tested */
	/* After one of the first three errors: the wrong table, and one sentence on its fault. */
	const char *(*fault_table)(void);
	const char *(*fault)(void);
};

const struct bpf_patcher_kernel *bpf_patcher_kernel_v2(void);

/*
 * A plug-in that runs passes of the kernel, as opt_remove_nops(), exports this
 * too. It gets the edits that the chosen pass must make, and computes from them
 * what the verifier has found before the pass.
 */
struct bpf_patcher_passes {
	__u32 abi; /* BPF_PATCHER_ABI */
	__u32 count;
	const char *const *names; /* of the functions */
	/* Chooses the pass, by its index in `names`, for the following calls of apply(). */
	void (*choose)(__u32 number);
};

const struct bpf_patcher_passes *bpf_patcher_passes_v1(void);

#ifdef __cplusplus
}
#endif
#endif
