/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The rows of insn_aux_data that a pass must leave, computed from its edits.
 *
 * A patch of one instruction: its row goes to the last slot, `seen` to all
 * slots, `zext_dst` is computed for all slots, and all else of the other slots
 * is 0. The rows of removed slots go.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "disguise.h"
#include "owned.h"
#include "rows.h"
#include "state.h"

/* Returns true if an instruction writes the lower half of a register only. */
static bool layout_is_32_bit(const struct bpf_insn insn)
{
	const u8 class = insn.code & 0x07, mode = insn.code & 0xe0;
	const bool is_swap = (insn.code & 0xf0) == 0xd0, is_double = (insn.code & 0x18) == 0x18;

	switch (class) {
	case 0x00: /* LD */
		return mode != 0x00;
	case 0x01: /* LDX */
#ifdef ADAPTER_KNOWS_MEMSX
		if (mode == 0x80)
			return false;
#endif
		return !is_double;
	case 0x03: /* STX: an atomic that fetches; others write no register */
#ifdef ADAPTER_KNOWS_LOAD_ACQ
		if (mode == 0xc0 && insn.imm == 0x100)
			return !is_double;
#endif
		return mode == 0xc0 && insn.imm & 0x01 && !is_double;
	case 0x04: /* ALU */
		return !is_swap || insn.imm != 64;
	case 0x07: /* ALU64 */
#ifdef ADAPTER_KNOWS_BSWAP
		return is_swap && (insn.imm == 16 || insn.imm == 32);
#else
		return false;
#endif
	default: /* ST, JMP, JMP32 */
		return false;
	}
}

#ifdef KIT_HAS_PASSES
static bool facts_is_32_bit(const struct bpf_insn insn) { return layout_is_32_bit(insn); }
#endif

/* Returns true if an instruction loads or stores. */
static inline bool layout_is_access(const struct bpf_insn insn)
{
	const u8 class = insn.code & 0x07;

	return class >= 0x01 && class <= 0x03;
}

/* The row of an input slot after `count` edits that leave its instruction alone. */
static void layout_input(u32 slot, struct bpf_insn_aux_data *row, u32 count)
{
	memcpy(row, rows_template(&insn_aux_data_rows, slot), sizeof(*row));
	row->ADAPTER_AUX_WORD = adapter.in->aux[slot];
	(void)count;
#ifdef KIT_HAS_PASSES
	facts_fill(slot, row);
#endif
#ifdef ADAPTER_AUX_HAS_non_stack_access
	row->non_stack_access &= layout_is_access(disguise_input(slot));
#endif
#ifdef ADAPTER_AUX_HAS_jt
	row->jt = owned_block(slot);
#endif
#ifdef ADAPTER_AUX_HAS_cleanup_pad
	row->cleanup_pad = owned_pad(slot, count);
#endif
}

/* State of a walk over the slots of the result. */
struct layout_walk {
	u32 at; /* the next slot of the result */
	u32 next; /* the next slot of the input */
	u32 count; /* of edits */
	bool is_patched; /* `row` is the row of `next`, after an insertion before it */
	struct bpf_insn_aux_data row;
};

/* The row of the input slot `next`. */
static struct bpf_insn_aux_data *layout_row(struct layout_walk *walk)
{
	if (!walk->is_patched)
		layout_input(walk->next, &walk->row, walk->count);
	return &walk->row;
}

/*
 * Compares one row of the result. The aux word is part of the result; if it is
 * wrong, the comparison of results shows it, and nothing is reported here.
 */
static bool layout_check(struct layout_walk *walk, struct bpf_insn_aux_data *must, bool has_word)
{
	const struct bpf_insn_aux_data *is = &adapter.env->insn_aux_data[walk->at];

	if (has_word && must->ADAPTER_AUX_WORD != is->ADAPTER_AUX_WORD)
		return false;
	must->ADAPTER_AUX_WORD = is->ADAPTER_AUX_WORD;
	return rows_are_equal(&insn_aux_data_rows, walk->at++, must, is);
}

/* The common case of layout_check(), without a copy of the row. */
static bool layout_is_template(const struct layout_walk *walk)
{
	const size_t word = offsetof(struct bpf_insn_aux_data, ADAPTER_AUX_WORD);
	const size_t end = word + sizeof(adapter.env->insn_aux_data->ADAPTER_AUX_WORD);
	const u8 *must = rows_template(&insn_aux_data_rows, walk->next);
	const struct bpf_insn_aux_data *is = &adapter.env->insn_aux_data[walk->at];

	return !owned_has_fields && !walk->is_patched && is->ADAPTER_AUX_WORD == adapter.in->aux[walk->next] &&
	       !memcmp(must, is, word) && !memcmp(must + end, (const u8 *)is + end, sizeof(*is) - end);
}

static bool layout_check_kept(struct layout_walk *walk, u32 end)
{
	for (; walk->next < end; walk->next++, walk->is_patched = false) {
		if (likely(layout_is_template(walk)))
			walk->at++;
		else if (!layout_check(walk, layout_row(walk), true))
			return false;
	}
	return true;
}

/*
 * Moves `non_stack_access` of the old row to the first slot that is equal to
 * the original instruction. Other memory accesses have it set.
 */
static void layout_move_access(struct layout_walk *walk, const struct bpf_patcher_edit *edit, u32 k, bool *is_moved,
			       struct bpf_insn_aux_data *new)
{
#ifdef ADAPTER_AUX_HAS_non_stack_access
	const struct bpf_insn original = disguise_input(edit->off);
	const struct bpf_insn insn = k < edit->patch_len ? disguise_patch(edit, k) : original;
	const bool is_access = layout_is_access(insn);

	if (!*is_moved && !memcmp(&insn, &original, sizeof(insn))) {
		new->non_stack_access = walk->row.non_stack_access;
		*is_moved = true;
	} else if (is_access || new != &walk->row) {
		new->non_stack_access = is_access;
	} else {
		/* without an access in the last slot the flag means nothing */
		new->non_stack_access = adapter.env->insn_aux_data[walk->at].non_stack_access;
	}
#endif
}

/* Compares the slots of a patch before the one that has the old row, and changes that row. */
static bool layout_check_new(struct layout_walk *walk, const struct bpf_patcher_edit *edit, u32 count)
{
	struct bpf_insn_aux_data *old = &walk->row, new;
	bool is_moved = false;
	u32 k;

	for (k = 0; k < count; k++) {
		memset(&new, 0, sizeof(new));
#ifdef ADAPTER_AUX_HAS_seen
		new.seen = old->seen;
#endif
#ifdef ADAPTER_AUX_HAS_zext_dst
		new.zext_dst = layout_is_32_bit(disguise_patch(edit, k));
#endif
#ifdef ADAPTER_AUX_HAS_indirect_target
		new.indirect_target = !k && old->indirect_target;
#endif
		layout_move_access(walk, edit, k, &is_moved, &new);
		if (!layout_check(walk, &new, edit->keep == BPF_PATCHER_NONE))
			return false;
	}
#ifdef ADAPTER_AUX_HAS_indirect_target
	if (count)
		old->indirect_target = false;
#endif
	layout_move_access(walk, edit, count, &is_moved, old);
	return true;
}

#ifdef KIT_HAS_PASSES
/* Compares the rows of slots that a pass writes over. */
static bool layout_check_in_place(struct layout_walk *walk, const struct bpf_patcher_edit *edit)
{
	for (; walk->next < edit->off + edit->remove_cnt; walk->next++) {
		layout_input(walk->next, &walk->row, walk->count);
		if (facts.pass == FACTS_sanitize_dead_code)
			walk->row.zext_dst = false;
		if (!layout_check(walk, &walk->row, true))
			return false;
	}
	walk->is_patched = false;
	return true;
}
#endif

static bool layout_check_edit(struct layout_walk *walk, const struct bpf_patcher_edit *edit)
{
	const u32 len = edit->patch_len;

#ifdef KIT_HAS_PASSES
	if (facts_is_in_place())
		return layout_check_in_place(walk, edit);
#endif
	if (!len) {
		walk->next = edit->off + edit->remove_cnt;
		walk->is_patched = false;
		return true;
	}
	/* an insertion is a patch that ends with the original */
	if (!layout_check_new(walk, edit, edit->remove_cnt ? len - 1 : len))
		return false;
#ifdef ADAPTER_AUX_HAS_zext_dst
	layout_row(walk)->zext_dst =
		layout_is_32_bit(edit->remove_cnt ? disguise_patch(edit, len - 1) : disguise_input(edit->off));
#endif
	walk->is_patched = true;
	if (!edit->remove_cnt)
		return true;
	if (!layout_check(walk, &walk->row, edit->keep == BPF_PATCHER_NONE))
		return false;
	walk->next = edit->off + edit->remove_cnt;
	walk->is_patched = false;
	return true;
}

/* Returns true if all rows are as they must be after all edits, or if the result shows that they are not. */
static bool layout_is_right(u32 count)
{
	struct layout_walk walk = { .count = count };
	u32 i;

	for (i = 0; i < count; i++) {
		/* layout_row() keeps the row of a slot from here on */
		if (!layout_check_kept(&walk, adapter.edits[i].off))
			return !*report.table;
		layout_row(&walk);
		walk.is_patched = true;
		if (!layout_check_edit(&walk, &adapter.edits[i]))
			return !*report.table;
	}
	return layout_check_kept(&walk, adapter.in->insn_cnt) || !*report.table;
}

#endif
