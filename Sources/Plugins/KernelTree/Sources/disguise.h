/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Instructions that generated programs lack. They take the place of arithmetic
 * in the functions of the tree, and the original instructions return to the
 * result: atomics, casts, byte swaps, sign extending loads, loads of packets.
 */
#ifndef DISGUISE_H
#define DISGUISE_H

#include "facts.h"

struct disguise {
	u8 code;
	s16 off;
	s32 imm;
};

static const struct disguise disguises[] = {
	{ 0xc3, 0, 0x01 }, { 0xc3, 0, 0xf1 }, { 0xc3, 0, 0xe1 }, { 0xc3, 0, 0x00 }, /* atomics of 32 bits */
	{ 0xdb, 0, 0x01 }, { 0xdb, 0, 0xf1 }, { 0xdb, 0, 0x40 }, /* of 64 bits */
#ifdef ADAPTER_KNOWS_LOAD_ACQ
	{ 0xc3, 0, 0x100 }, { 0xdb, 0, 0x100 }, { 0xd3, 0, 0x100 }, { 0xc3, 0, 0x110 },
#endif
#ifdef ADAPTER_KNOWS_MEMSX
	{ 0x81, 0, 0 }, { 0x89, 0, 0 }, { 0x91, 0, 0 }, { 0xbf, 32, 0 }, { 0xbc, 8, 0 },
#endif
#ifdef ADAPTER_KNOWS_BSWAP
	{ 0xd7, 0, 16 }, { 0xd7, 0, 32 }, { 0xd7, 0, 64 },
#endif
	{ 0xd4, 0, 16 }, { 0xd4, 0, 32 }, { 0xd4, 0, 64 }, { 0xdc, 0, 64 }, { 0xdc, 0, 16 },
	{ 0xbf, 1, 1 }, /* a cast between address spaces */
	{ 0x20, 0, 0 }, { 0x28, 0, 14 }, { 0x50, 0, 0 }, /* ld_abs and ld_ind write 32 bits */
	{ 0x61, 0, 0 }, { 0x69, 0, 0 }, { 0x71, 0, 0 }, { 0x79, 0, 0 }, { 0x62, 0, 7 }, { 0x7a, 0, 7 },
};

/* An instruction as the functions see it. */
static inline struct bpf_insn disguise(struct bpf_insn insn, u64 key)
{
	const u8 class = insn.code & 0x07;
	u64 mixed;

	if ((class != 0x04 && class != 0x07) || facts_is_plain())
		return insn;
	mixed = (key + 1) * 0x9e3779b97f4a7c15ull;
	mixed ^= mixed >> 32;
	if (mixed & 3)
		return insn;
	const struct disguise *other = &disguises[(u32)(mixed >> 8) % ARRAY_SIZE(disguises)];

	insn.code = other->code;
	insn.off = other->off;
	insn.imm = other->imm;
	return insn;
}

static inline struct bpf_insn disguise_input(u32 slot)
{
	return disguise(adapter.in->insns[slot], slot);
}

/* The original instruction at slot `k` of the patch of an edit, and its key. */
static inline const struct bpf_insn *disguise_source(const struct bpf_patcher_edit *edit, u32 k, u64 *key)
{
	if (edit->keep != BPF_PATCHER_NONE && k - edit->keep < edit->remove_cnt) {
		*key = edit->off + k - edit->keep;
		return &adapter.in->insns[*key];
	}
	*key = (u64)(edit->off + 1) << 32 | k;
	return &edit->patch[k];
}

static inline struct bpf_insn disguise_patch(const struct bpf_patcher_edit *edit, u32 k)
{
	u64 key;
	const struct bpf_insn *source = disguise_source(edit, k, &key);

	return facts_has_own_patches() ? *source : disguise(*source, key);
}

static inline void disguise_reveal(struct bpf_insn *insn, const struct bpf_insn *source, u64 key)
{
	const struct bpf_insn must = disguise(*source, key);

	if (!memcmp(insn, &must, sizeof(must)))
		*insn = *source;
}

/* Restores the original instructions of a result. A wrong instruction stays as it is. */
static void disguise_end(struct bpf_insn *insns, u32 count, u32 edit_cnt)
{
	u32 at = 0, next = 0, i, k;
	u64 key;

	for (i = 0; i <= edit_cnt; i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		const u32 end = i < edit_cnt ? edit->off : adapter.in->insn_cnt;

		for (; next < end && at < count; next++, at++)
			disguise_reveal(&insns[at], &adapter.in->insns[next], next);
		for (k = 0; i < edit_cnt && k < edit->patch_len && at < count; k++, at++) {
			const struct bpf_insn *source = disguise_source(edit, k, &key);

			disguise_reveal(&insns[at], source, key);
		}
		if (i < edit_cnt)
			next = edit->off + edit->remove_cnt;
	}
}

#endif
