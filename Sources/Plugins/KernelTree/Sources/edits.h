/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The caller's part of one edit: offsets in the patch, the aux word of a kept
 * instruction, jumps that skip an insertion.
 */
#ifndef EDITS_H
#define EDITS_H

#include "snapshot.h"

/* Retargets a jump that is kept at slot `index`, in an edit that grows the program by `growth`. */
static int adapter_keep(struct bpf_insn *insn, s64 off, s64 index, s64 growth, bool skips)
{
	const enum adapter_field field = adapter_field(insn);
	s64 target;

	if (field == ADAPTER_NONE)
		return 0;
	target = off + 1 + adapter_offset(insn, field);
	if (target > off)
		target += growth;
	else if (target == off && skips && field == ADAPTER_OFF && off - index - 1 < S16_MIN)
		target = index; /* where adjust_jmp_off() would move it, but the offset to `off` does not fit before that */
	return adapter_retarget(insn, field, index, target);
}

#ifndef KIT_HAS_APPLY
#include "steps.h"

/* Builds the patch of an edit at `off` of the current layout. */
static int adapter_prepare(u32 number, u32 off, bool has_original)
{
	const struct bpf_patcher_edit *edit = &adapter.edits[number];
	const struct bpf_insn *insns = adapter.env->prog->insnsi;
	const u32 len = edit->patch_len;
	const s64 growth = (s64)len - edit->remove_cnt;
	struct bpf_insn *patch;
	u32 i;
	int err;

	if (!adapter_grow(&adapter.patch, &adapter.patch_cap, len + 1, sizeof(*patch)))
		return -ENOMEM;
	patch = adapter.patch;
	for (i = 0; i < len; i++)
		patch[i] = disguise_patch(edit, i);
	if (edit->keep != BPF_PATCHER_NONE) {
		const u32 at = edit->keep;

		memcpy(patch + at, insns + off, edit->remove_cnt * sizeof(*patch));
		err = adapter_keep(patch + at, off, off + at, growth, false);
		if (err)
			return err;
	}
	if (has_original) {
		patch[len] = insns[off];
		err = adapter_keep(patch + len, off, off + len, growth,
				   edit->flags & BPF_PATCHER_JUMPS_SKIP);
		if (err)
			return err;
	}
	for (i = 0; i < edit->ref_cnt; i++) {
		const u32 from = edit->refs[i].from;
		const enum adapter_field field = adapter_field(patch + from);
		const s64 target = adapter_jump_target(edit->refs[i].to, number + 1,
						    field == ADAPTER_CALL);

		err = adapter_retarget(patch + from, field, (s64)off + from, target);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Between the two steps of a skipped insertion, the offset of a backward jump to
 * `off` may not fit. Such jumps target the next slot until the second step.
 */
static int adapter_divert_jumps(u32 off, u32 len, u32 *count)
{
	struct bpf_prog *prog = adapter.env->prog;
	u32 i;

	*count = 0;
	if (prog->len + len <= S16_MAX)
		return 0;
	for (i = off + 1; i < prog->len; i++) {
		struct bpf_insn *insn = &prog->insnsi[i];

		if (adapter_is_wide(insn)) {
			i++;
			continue;
		}
		if (adapter_field(insn) != ADAPTER_OFF || i + 1 + insn->off != off ||
		    insn->off - (s64)len >= S16_MIN)
			continue;
		if (!adapter_grow(&adapter.diverted, &adapter.diverted_cap, *count + 1, sizeof(u32)))
			return -ENOMEM;
		adapter.diverted[(*count)++] = i;
		insn->off++;
	}
	return 0;
}

static void adapter_restore_jumps(u32 len, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		adapter.env->prog->insnsi[adapter.diverted[i] + len].off--;
}

/* Insertion: the patch ends with the original instruction. */
static int adapter_insert(u32 number, u32 off)
{
	const struct bpf_patcher_edit *edit = &adapter.edits[number];
	const u32 len = edit->patch_len;
	const bool skips = edit->flags & BPF_PATCHER_JUMPS_SKIP;
	u32 diverted = 0;
	int err;

	err = adapter_prepare(number, off, true);
	if (!err && skips)
		err = adapter_divert_jumps(off, len, &diverted);
	if (!err)
		err = adapter_step(off, 1, adapter.patch, len + 1);
	if (err || !skips)
		return err;
#ifdef KIT_HAS_SKIP
	err = skip(adapter.env, off, len);
	if (err)
		return err;
#endif
	adapter_restore_jumps(len, diverted);
	return 0;
}

/* Replacement: remove all slots except the first, then patch the first. */
static int adapter_replace(u32 number, u32 off)
{
	const struct bpf_patcher_edit *edit = &adapter.edits[number];
	const u32 len = edit->patch_len, keep = edit->keep, last = off + len - 1;
	const bool is_wide = edit->remove_cnt > 1;
	struct bpf_insn_aux_data *aux = adapter.env->insn_aux_data;
	const u32 second = is_wide ? aux[off + 1].ADAPTER_AUX_WORD : 0;
	int err;

	err = adapter_prepare(number, off, false);
	if (!err && is_wide)
		err = adapter_step(off + 1, edit->remove_cnt - 1, NULL, 0);
	if (!err)
		err = adapter_step(off, 1, adapter.patch, len);
	if (err || keep == BPF_PATCHER_NONE)
		return err;
	/* the functions move the aux word to the last slot; it belongs to the kept one */
	aux = adapter.env->insn_aux_data;
	if (off + keep != last) {
		aux[off + keep].ADAPTER_AUX_WORD = aux[last].ADAPTER_AUX_WORD;
		aux[last].ADAPTER_AUX_WORD = 0;
	}
	if (is_wide)
		aux[off + keep + 1].ADAPTER_AUX_WORD = second;
	return 0;
}

/* Applies all edits, in order. */
static int adapter_run(u32 count)
{
	u32 i;
	int err = 0;

	adapter.moved[0] = 0;
	for (i = 0; i < count && !err; i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		const u32 off = edit->off + adapter.moved[i];

		tables_inject_pokes(i);
		adapter.moved[i + 1] = adapter.moved[i] + (s32)edit->patch_len - (s32)edit->remove_cnt;
		if (!edit->patch_len)
			err = adapter_step(off, edit->remove_cnt, NULL, 0);
		else if (edit->remove_cnt)
			err = adapter_replace(i, off);
		else if (off < adapter.env->prog->len)
			err = adapter_insert(i, off);
		else
			err = -EINVAL; /* the functions cannot append */
	}
	return err;
}

#endif /* KIT_HAS_APPLY */

#endif
