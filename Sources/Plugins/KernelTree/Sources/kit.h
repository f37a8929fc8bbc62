/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What an adapter may use, beside all that it calls in the tree.
 *
 * An adapter defines one of these two. Both return 0 or a negative errno; after
 * an error, all tables of `env` must be as before the call.
 *
 *   int apply(struct bpf_verifier_env *env, const struct bpf_patcher_edit *edits, u32 cnt);
 *
 * carries out a whole pass. The edits are sorted and disjoint, in coordinates of
 * the program before the pass. kit_patch(&edits[i], &len) returns the patch of an
 * edit as callers in the verifier build it, for the instruction edits[i].off; of
 * an insertion, the last instruction is the original one. For a removal `len` is
 * 0. If `len` is not 0 and it returns NULL, an offset does not fit: -ERANGE.
 *
 *   int step(struct bpf_verifier_env *env, u32 off, u32 remove, const struct bpf_insn *patch, u32 len);
 *
 * carries out one edit, in coordinates of the current program. It patches
 * instruction `off`, or removes `remove` instructions if `len` is 0. With step(),
 *
 *   int skip(struct bpf_verifier_env *env, u32 off, u32 len);
 *
 * makes jumps to `off` skip the `len` instructions that were inserted there.
 *
 * #define KIT_LACKS (BPF_PATCHER_...) lists the capabilities that the functions
 * lack; passes that need one are not tested.
 *
 * `env` has the program with its lines, subprograms, func_info and all else that
 * the tree keeps by instruction. The adapter stores a new program in env->prog.
 */
#ifndef KIT_H
#define KIT_H

#include "state.h"

/*
 * The error of a call that has only NULL for all errors: that of the latest
 * ERR_PTR(), -ENOMEM after a failed allocation, else `other`.
 */
static inline int kit_error(int other)
{
	return standin_error ? standin_error : memory_failures.has_failed ? -ENOMEM : other;
}

#endif
