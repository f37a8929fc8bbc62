/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Fields of insn_aux_data with a meaning of their own: `jt`, a block that
 * belongs to the row and is freed with it, and `cleanup_pad`, the index of an
 * instruction plus one.
 */
#ifndef OWNED_H
#define OWNED_H

#include "tables.h"

#define OWNED_BLOCKS 4

#if defined(KIT_HAS_PASSES) || defined(ADAPTER_AUX_HAS_jt) || defined(ADAPTER_AUX_HAS_non_stack_access) || defined(ADAPTER_AUX_HAS_cleanup_pad)
static const bool owned_has_fields = true;
#else
static const bool owned_has_fields = false;
#endif

static struct {
	u32 count;
	u32 slots[OWNED_BLOCKS]; /* of the input */
	void *blocks[OWNED_BLOCKS];
} owned;

static bool owned_is_second_slot(u32 slot)
{
	return slot && adapter_is_wide(&adapter.in->insns[slot - 1]);
}

/* The block of an input slot, or NULL. */
static inline void *owned_block(u32 slot)
{
	u32 i;

	for (i = 0; i < owned.count; i++)
		if (owned.slots[i] == slot)
			return owned.blocks[i];
	return NULL;
}

static void owned_add(u32 slot)
{
	void *block;

	if (owned.count == OWNED_BLOCKS || slot >= adapter.in->insn_cnt || owned_is_second_slot(slot) ||
	    owned_block(slot))
		return;
	block = memory_take(16);
	if (!block)
		return;
	memset(block, 0, 16);
	owned.slots[owned.count] = slot;
	owned.blocks[owned.count++] = block;
}

/* Chooses the rows with a block: the first removed instructions, the first patched one, one in the middle. */
static void owned_choose(u32 count)
{
	owned.count = 0;
#ifdef ADAPTER_AUX_HAS_jt
	u32 i;

	for (i = 0; i < count && owned.count < OWNED_BLOCKS - 2; i++)
		if (!adapter.edits[i].patch_len) {
			owned_add(adapter.edits[i].off);
			owned_add(adapter.edits[i].off + adapter.edits[i].remove_cnt - 1);
		}
	if (count)
		owned_add(adapter.edits[0].off);
	owned_add(adapter.in->insn_cnt / 2);
#endif
}

/* The index plus one of the landing pad of an input slot after `count` edits; 0 for none. */
static inline u32 owned_pad(u32 slot, u32 count)
{
	const u32 pad = (slot * 5 + 3) % adapter.in->insn_cnt;
	const u32 moved = slot % 4 || owned_is_second_slot(pad) ? TABLES_DELETED : tables_expected(pad, count);

	return moved == TABLES_DELETED ? 0 : moved + 1;
}

/* Returns true if each block has been freed exactly if its row was removed, and frees the others. */
static bool owned_are_right(u32 count)
{
	u32 i;

	for (i = 0; i < owned.count; i++) {
		const bool is_kept = tables_expected(owned.slots[i], count) != TABLES_DELETED;

		if (is_kept && !memory_is_live(owned.blocks[i]))
			report_stale("insn_aux_data", "insn_aux_data: the block of field jt of input slot %u was freed, "
				     "but the slot was not removed", owned.slots[i]);
		if (!is_kept && memory_is_live(owned.blocks[i]))
			report_stale("insn_aux_data", "insn_aux_data: the block of field jt of input slot %u was not freed, "
				     "but the slot was removed", owned.slots[i]);
	}
	return !*report.table;
}

static void owned_release(void)
{
	while (owned.count)
		memory_release(owned.blocks[--owned.count]);
}

#endif
