/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tables with instruction indices that are not part of a result: poke
 * descriptors, instruction arrays, function pointers. A few entries are injected
 * and checked afterwards.
 */
#ifndef TABLES_H
#define TABLES_H

#include "facts.h"
#include "report.h"

#define TABLES_ENTRIES 8
#define TABLES_DELETED ((u32)-1)

static struct {
	u32 slots[TABLES_ENTRIES]; /* the input slots of the entries */
	u32 poke_from; /* poke descriptors exist after this many edits, as after all removals */
#ifdef ADAPTER_HAS_INSN_ARRAY
	struct bpf_insn_array *array;
#endif
} tables;

/* The expected index of an entry for input slot `slot` after `count` edits. */
static u32 tables_expected(u32 slot, u32 count)
{
	u32 i;

	if (facts_is_in_place())
		return slot;
	for (i = 0; i < count && adapter.edits[i].off <= slot; i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		const bool is_inside = slot < edit->off + edit->remove_cnt;

		if (is_inside && (!edit->patch_len || slot > edit->off))
			return TABLES_DELETED;
	}
	return adapter_jump_target(slot, count, true);
}

/*
 * Chooses the slots: at the first and the last edits, and evenly spread. The
 * slot of the first edit never moves, so the order differs between passes.
 */
static void tables_choose(u32 insn_cnt, u32 count)
{
	u32 i;

	for (i = 0; i < TABLES_ENTRIES; i++) {
		const u32 edit = i & 1 ? count - 1 - i / 4 : i / 4;
		const u32 near = edit < count ? adapter.edits[edit].off + (i >> 1 & 1) : insn_cnt;

		tables.slots[(i + insn_cnt + count) % TABLES_ENTRIES] =
			near < insn_cnt && i < 6 ? near : (u64)insn_cnt * (2 * i + 1) / (2 * TABLES_ENTRIES);
	}
	tables.poke_from = 0;
	for (i = 0; i < count; i++)
		if (!adapter.edits[i].patch_len || adapter.edits[i].remove_cnt > 1)
			tables.poke_from = i + 1;
}

/* Injects poke descriptors before edit `number`, which is the first one without a later removal. */
static void tables_inject_pokes(u32 number)
{
#ifdef ADAPTER_HAS_POKE
	struct bpf_jit_poke_descriptor *pokes;
	u32 i, used = 0;

	if (number != tables.poke_from)
		return;
	pokes = memory_take(TABLES_ENTRIES * sizeof(*pokes));
	if (!pokes)
		return;
	memset(pokes, 1, TABLES_ENTRIES * sizeof(*pokes));
	for (i = 0; i < TABLES_ENTRIES; i++) {
		const u32 index = tables_expected(tables.slots[i], number);

		if (index != TABLES_DELETED)
			pokes[used++].insn_idx = index;
	}
	adapter.aux.poke_tab = pokes;
	adapter.aux.size_poke_tab = used;
#endif
}

/* Injects the other entries. */
static void tables_inject(void)
{
#ifdef ADAPTER_HAS_INSN_ARRAY
	u32 i;
	const size_t size = sizeof(*tables.array) + TABLES_ENTRIES * sizeof(tables.array->values[0]);

	if (!tables.array)
		tables.array = calloc(1, size);
	if (!tables.array)
		return;
	memset(tables.array->values, 1, TABLES_ENTRIES * sizeof(tables.array->values[0]));
	for (i = 0; i < TABLES_ENTRIES; i++)
		tables.array->values[i].xlated_off = i ? tables.slots[i] : TABLES_DELETED;
	tables.array->map.max_entries = TABLES_ENTRIES;
	adapter.env->insn_array_maps[0] = &tables.array->map;
	adapter.env->insn_array_map_cnt = 1;
#endif
#ifdef ADAPTER_FUNC_PTRS_COUNT
	const size_t room = TABLES_ENTRIES * sizeof(adapter.env->func_ptrs[0]);

	adapter.env->func_ptrs = memory_take(room);
	if (!adapter.env->func_ptrs)
		return;
	memset(adapter.env->func_ptrs, 1, room);
	adapter.env->ADAPTER_FUNC_PTRS_COUNT = TABLES_ENTRIES;
	for (u32 k = 0; k < TABLES_ENTRIES; k++)
		adapter.env->func_ptrs[k].xlated_off = k ? tables.slots[k] : TABLES_DELETED;
#endif
}

static bool tables_check(const char *table, const char *field, u32 entry, u32 slot, u32 must, u32 is)
{
	if (likely(must == is))
		return true;
	return report_stale(table, "%s[%u].%s, of input slot %u, must be %d and is %d", table, entry, field, slot,
			    (s32)must, (s32)is);
}

/* Returns true if all entries have their expected index after `count` edits. */
static bool tables_are_right(u32 count)
{
	u32 i, used = 0;

	(void)used;
	for (i = 0; i < TABLES_ENTRIES; i++) {
		const u32 slot = tables.slots[i], must = tables_expected(slot, count);

		(void)must;
#ifdef ADAPTER_HAS_POKE
		if (adapter.aux.poke_tab && tables.poke_from <= count &&
		    tables_expected(slot, tables.poke_from) != TABLES_DELETED && used < adapter.aux.size_poke_tab) {
			if (!tables_check("poke_tab", "insn_idx", used, slot, must, adapter.aux.poke_tab[used].insn_idx))
				return false;
			used++;
		}
#endif
#ifdef ADAPTER_HAS_INSN_ARRAY
		if (tables.array && !tables_check("insn_array", "xlated_off", i, slot, i ? must : TABLES_DELETED,
						  tables.array->values[i].xlated_off))
			return false;
#endif
#ifdef ADAPTER_FUNC_PTRS_COUNT
		if (adapter.env->func_ptrs && !tables_check("func_ptrs", "xlated_off", i, slot, i ? must : TABLES_DELETED,
							    adapter.env->func_ptrs[i].xlated_off))
			return false;
#endif
	}
	return true;
}

#endif
