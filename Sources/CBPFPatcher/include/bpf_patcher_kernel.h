/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a plug-in made of the functions of a kernel tree exports beside
 * bpf_patcher_v1().
 *
 * A plug-in with this symbol is held to the kernel's contract only
 * (Semantics.md, "What the kernel's own functions assume"), unless asked to go
 * beyond it.
 */
#ifndef BPF_PATCHER_KERNEL_H
#define BPF_PATCHER_KERNEL_H

#include "bpf_patcher.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What apply() says when an allocation failed and a function of the kernel
 * then left something other than the program it was given: EUCLEAN.
 */
#define BPF_PATCHER_KERNEL_DAMAGED 117

/*
 * What apply() says when a table that is no part of the result did not follow
 * the program, poke descriptors or instruction arrays: ESTALE.
 */
#define BPF_PATCHER_KERNEL_STALE 116

/*
 * What apply() says when a block that a function of the kernel allocated was
 * freed by nobody, whatever the answer was: EOWNERDEAD.
 */
#define BPF_PATCHER_KERNEL_LEAKED 130

/* Codes that a tree does not define: programs and patches with them are not for its functions. */
enum bpf_patcher_kernel_limit {
	BPF_PATCHER_KERNEL_NO_GOTOL = 1 << 0, /* JMP32|JA, which came with 6.6 */
	BPF_PATCHER_KERNEL_NO_GOTOX = 1 << 1, /* JMP|JA|X, which came with 6.19 */
};

struct bpf_patcher_kernel {
	__u32 abi;           /* BPF_PATCHER_ABI */
	const char *release; /* of the tree, as its Makefile has it: "6.12.48" */
	/*
	 * Lets one allocation in `one_in` fail during the next apply(), as
	 * `seed` decides; 0 lets none fail. A step that fails for it is
	 * checked to have changed nothing and then done again.
	 */
	void (*fail_alloc)(__u64 seed, __u32 one_in);
	/* How many allocations have failed that way since the plug-in was loaded. */
	__u64 (*failed_allocs)(void);
	__u32 limits;       /* BPF_PATCHER_KERNEL_NO_* */
	__u32 max_subprogs; /* more of them than the verifier has room for are not for it */
};

const struct bpf_patcher_kernel *bpf_patcher_kernel_v1(void);

#ifdef __cplusplus
}
#endif
#endif
