/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An index-map patcher in plain C: the baseline for the designs in Swift.
 *
 * It implements all rules for well-formed passes, on the same memory as a
 * patcher in Swift: programs and edits are passed in place, without conversion.
 */
#ifndef INDEX_MAP_H
#define INDEX_MAP_H

#include <stddef.h>

#include "bpf_patcher.h"

/* Replace insns[off, off + remove) by a patch: EditRecord of Patching. */
struct index_map_edit {
	__u32 off;
	__u32 remove;
	__u32 patch_start; /* in the pool of patch instructions */
	__u32 patch_cnt;
	__u32 keep;        /* the patch slot of instruction `off`, or BPF_PATCHER_NONE */
	__u32 ref_start;   /* in the pool of refs */
	__u32 ref_cnt;
	__u32 skip;        /* 1: jumps to `off` skip an insertion */
};

struct index_map_pass {
	const struct index_map_edit *edits;
	const struct bpf_insn *patches;
	const struct bpf_patcher_ref *refs;
	size_t edit_cnt;
};

/* A jump or call of the result: its slot, and the input slot that its offset is still relative to. */
struct index_map_jump {
	__u32 at;
	__u32 from;
};

/* An insertion that jumps skip: their landing, and how many slots earlier calls land. */
struct index_map_skip {
	__u32 landing;
	__u32 cnt;
};

/* The working memory, reused by later passes. All zero before the first. */
struct index_map {
	__u32 *landings; /* the landing of jumps to each slot of the input */
	size_t landing_cap;
	struct index_map_jump *jumps;
	size_t jump_cap;
	struct index_map_skip *skips;
	size_t skip_cap;
};

/*
 * Applies a pass. `out` has room for in->subprog_cnt subprograms and
 * in->line_cnt lines. Returns 0, -EINVAL or -ERANGE by the rules; -ENOSPC if
 * out->insn_cap is too small for the input and all patches together, -ENOMEM.
 */
int index_map_apply(struct index_map *map, const struct index_map_pass *pass,
		    const struct bpf_patcher_image *in, struct bpf_patcher_image *out);

void index_map_free(struct index_map *map);

#endif
