/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A pass that an adapter's apply() carries out as a whole. */
#ifndef WHOLE_H
#define WHOLE_H

#include "edits.h"
#include "words.h"

/* The target of a reference to input index `to` in the layout after one edit alone. */
static s64 whole_target(const struct bpf_patcher_edit *edit, u32 to, bool is_call)
{
	const bool skips = edit->flags & BPF_PATCHER_JUMPS_SKIP && !is_call;

	if (to < edit->off || (to == edit->off && !skips))
		return to;
	return (s64)to + edit->patch_len - edit->remove_cnt;
}

/*
 * The patch of an edit as the callers in the verifier build it: a kept
 * instruction is filled in, an insertion ends with the original instruction, and
 * offsets are those of the layout after this edit alone. It is valid until
 * the next call. NULL for a removal, and if an offset does not fit; see kit.h.
 */
static const struct bpf_insn *kit_patch(const struct bpf_patcher_edit *edit, u32 *len)
{
	const struct bpf_insn original = disguise_input(edit->off);
	const s64 growth = (s64)edit->patch_len - edit->remove_cnt;
	const bool has_original = !edit->remove_cnt;
	struct bpf_insn *patch;
	u32 i;

	*len = edit->patch_len ? edit->patch_len + has_original : 0;
	if (!*len || !adapter_grow(&adapter.patch, &adapter.patch_cap, *len, sizeof(*patch)))
		return NULL;
	patch = adapter.patch;
	for (i = 0; i < edit->patch_len; i++)
		patch[i] = disguise_patch(edit, i);
	if (edit->keep != BPF_PATCHER_NONE &&
	    adapter_keep(patch + edit->keep, edit->off, edit->off + edit->keep, growth, false))
		return NULL;
	if (has_original) {
		patch[edit->patch_len] = original;
		if (adapter_keep(patch + edit->patch_len, edit->off, edit->off + edit->patch_len, growth,
				 edit->flags & BPF_PATCHER_JUMPS_SKIP))
			return NULL;
	}
	for (i = 0; i < edit->ref_cnt; i++) {
		struct bpf_insn *insn = patch + edit->refs[i].from;
		const enum adapter_field field = adapter_field(insn);

		if (adapter_retarget(insn, field, (s64)edit->off + edit->refs[i].from,
				     whole_target(edit, edit->refs[i].to, field == ADAPTER_CALL)))
			return NULL;
	}
	return patch;
}

#include "chosen.c"

static int whole_call(u32 count)
{
	int err;

	standin_error = 0;
	memory_failures.has_failed = false;
	err = apply(adapter.env, adapter.edits, count);
	memory_check_guards(~0u);
	return err;
}

/* Applies all edits by one call. If it fails, all tables must be as before. */
static int whole_run(u32 count)
{
	bool is_watched = memory_failures.one_in;
	u32 i;
	int err;

	adapter.moved[0] = 0;
	for (i = 0; i < count; i++)
		adapter.moved[i + 1] =
			adapter.moved[i] + (s32)adapter.edits[i].patch_len - (s32)adapter.edits[i].remove_cnt;
	is_watched |= (s64)adapter.in->insn_cnt + adapter.moved[count] > S16_MAX;
	tables_inject_pokes(0);
	if (is_watched && !snapshot_take())
		return -ENOMEM;
	err = whole_call(count);
	if (err && is_watched && !snapshot_is_unchanged())
		return memory_failures.has_failed ? -BPF_PATCHER_KERNEL_DAMAGED : -BPF_PATCHER_KERNEL_CHANGED;
	if (err && memory_failures.has_failed && !memory_failures.is_paused) {
		memory_failures.is_paused = true;
		err = whole_call(count);
		memory_failures.is_paused = false;
	}
	if (!err)
		words_move(count);
	return err;
}

#endif
