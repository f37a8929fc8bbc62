/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tables with instruction indices that are not part of a result: poke
 * descriptors and instruction arrays. A few entries are injected before the
 * edits and checked afterwards.
 */
#ifndef TABLES_H
#define TABLES_H

#include "state.h"

#define TABLES_ENTRIES 4
#define TABLES_DELETED ((u32)-1)

static struct {
	u32 slots[TABLES_ENTRIES]; /* the input slots of the entries */
#ifdef ADAPTER_HAS_POKE
	struct bpf_jit_poke_descriptor pokes[TABLES_ENTRIES];
#endif
#ifdef ADAPTER_HAS_INSN_ARRAY
	struct bpf_insn_array *array;
#endif
} tables;

/* Injects the entries; `count` edits follow. */
static void tables_inject(u32 insn_cnt, u32 count)
{
	bool removes = false;
	u32 i;

	for (i = 0; i < count; i++)
		removes |= !adapter.edits[i].patch_len || adapter.edits[i].remove_cnt > 1;
	for (i = 0; i < TABLES_ENTRIES; i++)
		tables.slots[i] = (u64)insn_cnt * (2 * i + 1) / (2 * TABLES_ENTRIES);
#ifdef ADAPTER_HAS_POKE
	/* the verifier creates poke descriptors after all removals */
	if (!removes) {
		for (i = 0; i < TABLES_ENTRIES; i++)
			tables.pokes[i].insn_idx = tables.slots[i];
		adapter.aux.poke_tab = tables.pokes;
		adapter.aux.size_poke_tab = TABLES_ENTRIES;
	}
#endif
#ifdef ADAPTER_HAS_INSN_ARRAY
	if (!tables.array)
		tables.array = calloc(1, sizeof(*tables.array) + TABLES_ENTRIES * sizeof(tables.array->values[0]));
	if (!tables.array)
		return;
	for (i = 0; i < TABLES_ENTRIES; i++)
		tables.array->values[i].xlated_off = tables.slots[i];
	tables.array->map.max_entries = TABLES_ENTRIES;
	adapter.env->insn_array_maps[0] = &tables.array->map;
	adapter.env->insn_array_map_cnt = 1;
#endif
}

/* The expected index of an entry for input slot `slot` after all edits. */
static u32 tables_expected(u32 slot, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		const bool is_inside = edit->off <= slot && slot < edit->off + edit->remove_cnt;

		if (is_inside && (!edit->patch_len || slot > edit->off))
			return TABLES_DELETED;
	}
	return adapter_jump_target(slot, count, true);
}

/* Returns true if all entries have their expected index. */
static bool tables_are_right(u32 count)
{
	u32 i;

	for (i = 0; i < TABLES_ENTRIES; i++) {
		const u32 expected = tables_expected(tables.slots[i], count);

		(void)expected;
#ifdef ADAPTER_HAS_POKE
		if (adapter.aux.size_poke_tab && adapter.aux.poke_tab[i].insn_idx != expected)
			return false;
#endif
#ifdef ADAPTER_HAS_INSN_ARRAY
		if (tables.array && tables.array->values[i].xlated_off != expected)
			return false;
#endif
	}
	return true;
}

#endif
