// SPDX-License-Identifier: BSD-2-Clause
/* The index map as a plug-in, which converts the ABI's structs to those of the map. */
#include <errno.h>
#include <stdlib.h>

#include "index_map.h"

/* A converted pass; the memory is reused by later passes. */
struct form {
	struct index_map_edit *edits;
	size_t edit_cap;
	struct bpf_insn *patches;
	size_t patch_cap;
	struct bpf_patcher_ref *refs;
	size_t ref_cap;
};

static int grow(void *row, size_t *cap, size_t cnt, size_t size)
{
	void *larger;

	if (cnt <= *cap)
		return 0;
	larger = realloc(*(void **)row, 2 * cnt * size);
	if (!larger)
		return -ENOMEM;
	*(void **)row = larger;
	*cap = 2 * cnt;
	return 0;
}

static int apply(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
		 struct bpf_patcher_image *out)
{
	static struct index_map map;
	static struct form form;
	size_t patch_cnt = 0, ref_cnt = 0;
	struct index_map_pass pass;

	for (__u32 i = 0; i < edit_cnt; i++) {
		patch_cnt += edits[i].patch_len;
		ref_cnt += edits[i].ref_cnt;
	}
	if (grow(&form.edits, &form.edit_cap, edit_cnt, sizeof(*form.edits)) ||
	    grow(&form.patches, &form.patch_cap, patch_cnt, sizeof(*form.patches)) ||
	    grow(&form.refs, &form.ref_cap, ref_cnt, sizeof(*form.refs)))
		return -ENOMEM;
	patch_cnt = ref_cnt = 0;
	for (__u32 i = 0; i < edit_cnt; i++) {
		const struct bpf_patcher_edit *edit = &edits[i];

		form.edits[i] = (struct index_map_edit){
			.off = edit->off,
			.remove = edit->remove_cnt,
			.patch_start = patch_cnt,
			.patch_cnt = edit->patch_len,
			.keep = edit->keep,
			.ref_start = ref_cnt,
			.ref_cnt = edit->ref_cnt,
			.skip = edit->flags & BPF_PATCHER_JUMPS_SKIP,
		};
		for (__u32 slot = 0; slot < edit->patch_len; slot++)
			form.patches[patch_cnt++] = edit->patch[slot];
		for (__u32 ref = 0; ref < edit->ref_cnt; ref++)
			form.refs[ref_cnt++] = edit->refs[ref];
	}
	pass = (struct index_map_pass){
		.edits = form.edits, .patches = form.patches, .refs = form.refs, .edit_cnt = edit_cnt};
	return index_map_apply(&map, &pass, in, out);
}

const struct bpf_patcher *bpf_patcher_v1(void)
{
	static const struct bpf_patcher patcher = {
		.abi = BPF_PATCHER_ABI,
		.caps = BPF_PATCHER_DELETE | BPF_PATCHER_INSERT | BPF_PATCHER_RANGE | BPF_PATCHER_SKIP_JUMPS |
			BPF_PATCHER_KEEP_JUMP | BPF_PATCHER_REFS | BPF_PATCHER_DEAD_TARGET | BPF_PATCHER_AUX |
			BPF_PATCHER_SUBPROGS | BPF_PATCHER_LINES | BPF_PATCHER_REFUSES,
		.name = "c-index-map-plugin",
		.apply = apply,
	};

	return &patcher;
}
