/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An index-map patcher in plain C: the yardstick for the designs in Swift.
 *
 * It does the whole of the rules for passes that have been found well formed
 * in themselves, on the same memory as a patcher in Swift: programs and edits
 * are passed where they stand, none is converted.
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
	__u32 keep;        /* where in the patch instruction `off` stands, or BPF_PATCHER_NONE */
	__u32 ref_start;   /* in the pool of refs */
	__u32 ref_cnt;
	__u32 skip;        /* 1: jumps to `off` go past an insertion */
};

struct index_map_pass {
	const struct index_map_edit *edits;
	const struct bpf_insn *patches;
	const struct bpf_patcher_ref *refs;
	size_t edit_cnt;
};

/* A jump or call of the result: the slot it stands at, and the one of the input from which its offset counts yet. */
struct index_map_jump {
	__u32 at;
	__u32 from;
};

/* An insertion that jumps go past: where they land, and how far in front of it calls do. */
struct index_map_skip {
	__u32 landing;
	__u32 cnt;
};

/* What a pass works in, kept from pass to pass. All zero before the first. */
struct index_map {
	__u32 *landings; /* where jumps to each slot of the input land */
	size_t landing_cap;
	struct index_map_jump *jumps;
	size_t jump_cap;
	struct index_map_skip *skips;
	size_t skip_cap;
};

/*
 * Carries out a pass. `out` has room for in->subprog_cnt subprograms and
 * in->line_cnt lines. 0, -EINVAL or -ERANGE by the rules; -ENOSPC when
 * out->insn_cap is too small for the input and all patches together, -ENOMEM.
 */
int index_map_apply(struct index_map *map, const struct index_map_pass *pass,
		    const struct bpf_patcher_image *in, struct bpf_patcher_image *out);

void index_map_free(struct index_map *map);

#endif
