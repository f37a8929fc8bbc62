/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the verifier has found before a pass of the kernel, computed from the
 * edits that the pass must make, such as the code that runs.
 */
#ifndef FACTS_H
#define FACTS_H

#include "state.h"

#ifdef KIT_HAS_PASSES

enum facts_pass {
	FACTS_opt_hard_wire_dead_code_branches,
	FACTS_opt_remove_dead_code,
	FACTS_opt_remove_nops,
	FACTS_sanitize_dead_code,
	FACTS_opt_subreg_zext_lo32_rnd_hi32,
	FACTS_remove_fastcall_spills_fills,
	FACTS_optimize_bpf_loop,
	FACTS_bpf_jit_blind_constants,
	FACTS_adjust_btf_func,
};

enum facts_mark {
	FACTS_SEEN = 1, /* the code runs */
	FACTS_ZEXT = 2, /* the upper half of the register that it writes is read */
	FACTS_CONTEXT = 4, /* it loads from the context */
	FACTS_SPILL = 8, /* it spills or fills a register around a call */
	FACTS_SPILLS = 16, /* the number of spills before a call, times this */
};

static struct {
	enum facts_pass pass;
	u8 *marks; /* by input slot */
	u32 marks_cap;
	u32 *work; /* slots that are reached and not yet walked from */
	u32 work_cap;
	u32 work_count;
	bool randomizes; /* BPF_F_TEST_RND_HI32 */
} facts;

/* Returns true if a pass writes instructions over others and moves none. */
static inline bool facts_is_in_place(void)
{
	return facts.pass == FACTS_opt_hard_wire_dead_code_branches || facts.pass == FACTS_sanitize_dead_code ||
	       facts.pass == FACTS_remove_fastcall_spills_fills;
}

/* Returns true if the pass itself depends on the instructions, so that none may be disguised. */
static inline bool facts_is_plain(void)
{
	return facts.pass == FACTS_opt_subreg_zext_lo32_rnd_hi32 || facts.pass == FACTS_bpf_jit_blind_constants;
}

/* Returns true if the patches are in the code of the pass, so that none may be disguised. */
static inline bool facts_has_own_patches(void)
{
	return facts.pass == FACTS_optimize_bpf_loop;
}

/* The number of the first edit at or after a slot. */
static u32 facts_first_edit(u32 slot, u32 count)
{
	u32 low = 0, high = count;

	while (low < high) {
		const u32 middle = (low + high) / 2;

		if (adapter.edits[middle].off < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct bpf_patcher_edit *facts_edit(u32 slot, u32 count)
{
	const u32 number = facts_first_edit(slot, count);

	return number < count && adapter.edits[number].off == slot ? &adapter.edits[number] : NULL;
}

static void facts_reach(s64 slot)
{
	if (slot < 0 || slot >= adapter.in->insn_cnt || facts.marks[slot])
		return;
	facts.marks[slot] = FACTS_SEEN;
	facts.work[facts.work_count++] = slot;
	if (adapter_is_wide(&adapter.in->insns[slot]))
		facts.marks[slot + 1] = FACTS_SEEN;
}

/* The subprogram of a slot. */
static u32 facts_subprogram(u32 slot)
{
	const struct bpf_patcher_image *in = adapter.in;
	u32 low = 0, high = in->subprog_cnt;

	while (high - low > 1) {
		const u32 middle = (low + high) / 2;

		if (in->subprogs[middle].start <= slot)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static u32 facts_end(u32 subprogram)
{
	return subprogram + 1 < adapter.in->subprog_cnt ? adapter.in->subprogs[subprogram + 1].start :
							   adapter.in->insn_cnt;
}

/* An indirect jump reaches all instructions of its subprogram. */
static void facts_reach_subprogram(u32 subprogram)
{
	const struct bpf_patcher_image *in = adapter.in;
	u32 at;

	for (at = in->subprogs[subprogram].start; at < facts_end(subprogram); at++) {
		facts_reach(at);
		at += adapter_is_wide(&in->insns[at]);
	}
}

/* Marks the code that runs if each edited jump takes one branch: by a ref to its target, else to the next slot. */
static void facts_walk(u32 count)
{
	facts.work_count = 0;
	facts_reach(0);
	while (facts.work_count) {
		const u32 slot = facts.work[--facts.work_count];
		const struct bpf_insn *insn = &adapter.in->insns[slot];
		const struct bpf_patcher_edit *edit = facts_edit(slot, count);
		const enum adapter_field field = adapter_field(insn);
		const u32 next = slot + 1 + adapter_is_wide(insn), subprogram = facts_subprogram(slot);
		const bool ends = insn->code == 0x05 || insn->code == 0x06 || insn->code == 0x95 || insn->code == 0x0d;

		if (insn->code == 0x0d)
			facts_reach_subprogram(subprogram);
		if (field != ADAPTER_NONE && (!edit || edit->ref_cnt))
			facts_reach((s64)slot + 1 + adapter_offset(insn, field));
		/* no path leaves a subprogram at its end */
		if (!ends && (!edit || !edit->ref_cnt) && next < facts_end(subprogram))
			facts_reach(next);
	}
}

/* Returns true if an instruction writes the lower half of a register only. */
static bool facts_is_32_bit(const struct bpf_insn insn);

static bool facts_is_cmpxchg(const struct bpf_insn *insn)
{
	return (insn->code & 0xe7) == 0xc3 && insn->imm == 0xf1;
}

/*
 * An edit with two slots clears an upper half, and one with four randomizes it.
 * The other instructions need neither, or their CPU clears it, or they load from
 * the context.
 */
static void facts_halves(u32 count)
{
	u32 i, slot;

	facts.randomizes = standin_needs_zext = false;
	for (i = 0; i < count; i++) {
		facts.randomizes |= adapter.edits[i].patch_len == 4;
		/* a cmpxchg is extended for every CPU */
		standin_needs_zext |= adapter.edits[i].patch_len == 2 && adapter.edits[i].off < adapter.in->insn_cnt &&
				      !facts_is_cmpxchg(&adapter.in->insns[adapter.edits[i].off]);
	}
	for (slot = 0; slot < adapter.in->insn_cnt; slot++) {
		const struct bpf_insn *insn = &adapter.in->insns[slot];
		const struct bpf_patcher_edit *edit = facts_edit(slot, count);
		const bool is_load = (insn->code & 7) == 1;

		if (insn->code == 0x85)
			/* a kernel function extends its result itself */
			facts.marks[slot] |= insn->src_reg == 2 && slot & 1 ? FACTS_ZEXT : 0;
		else if (adapter_is_wide(insn))
			slot++;
		else if (!facts_is_32_bit(*insn))
			continue;
		else if (edit)
			facts.marks[slot] |= edit->patch_len == 2 ? FACTS_ZEXT : 0;
		else if (facts.randomizes)
			facts.marks[slot] |= is_load && (standin_needs_zext || slot & 1) ? FACTS_CONTEXT : FACTS_ZEXT;
		else if (!standin_needs_zext && !facts_is_cmpxchg(insn))
			facts.marks[slot] |= slot & 1 ? FACTS_ZEXT : 0;
	}
}

/* Returns true if two edits are at a spill and at the fill of the same register. */
static bool facts_is_pair(s64 spill, s64 fill, u32 count)
{
	const struct bpf_insn *one, *other;

	if (spill < 0 || fill >= adapter.in->insn_cnt || !facts_edit(spill, count) || !facts_edit(fill, count))
		return false;
	one = &adapter.in->insns[spill];
	other = &adapter.in->insns[fill];
	return one->code == 0x7b && other->code == 0x79 && one->dst_reg == 10 && other->src_reg == 10 &&
	       one->src_reg == other->dst_reg && one->off == other->off;
}

/* The edits of spills and fills are next to the call that they belong to. */
static void facts_spills(u32 count)
{
	u32 slot, i;

	for (slot = 0; slot < adapter.in->insn_cnt; slot++) {
		u32 spills = 0;

		if (adapter.in->insns[slot].code != 0x85)
			continue;
		while (spills < 7 && facts_is_pair((s64)slot - spills - 1, (s64)slot + spills + 1, count))
			spills++;
		facts.marks[slot] |= FACTS_SPILLS * spills;
	}
	for (i = 0; i < count; i++)
		facts.marks[adapter.edits[i].off] |= FACTS_SPILL;
}

#ifdef KIT_PASS_optimize_bpf_loop
/* The size of the three registers that a loop saves. */
#define FACTS_LOOP_SAVED 24

/* A call of bpf_loop with an edit has one known callback. Another call may have the number of any. */
static void facts_fill_loop(u32 slot, struct bpf_loop_inline_state *state)
{
	const struct bpf_insn *insn = &adapter.in->insns[slot];
	const struct bpf_patcher_edit *edit;

	if (insn->code != 0x85 || insn->src_reg || insn->imm != 181)
		return;
	edit = facts_edit(slot, adapter.edit_cnt);
	state->fit_for_inline = !!edit;
	state->callback_subprogno = edit ? facts_subprogram(edit->refs[0].to) : slot % adapter.in->subprog_cnt;
}

/* Returns true if an input subprogram has loops. `depth` is its stack, rounded up, which their slots follow. */
static bool facts_has_loops(u32 number, u32 *depth)
{
	const u32 first = facts_first_edit(adapter.in->subprogs[number].start, adapter.edit_cnt);

	if (facts.pass != FACTS_optimize_bpf_loop || first == adapter.edit_cnt ||
	    adapter.edits[first].off >= facts_end(number))
		return false;
	/* the first store of the patch */
	*depth = -adapter.edits[first].patch[3].off - FACTS_LOOP_SAVED;
	return true;
}
#endif

/* Writes the facts into the row of an input subprogram. */
static inline void facts_fill_subprogram(u32 number, struct bpf_subprog_info *row)
{
#ifdef KIT_PASS_optimize_bpf_loop
	u32 depth;

	/* any depth that is rounded up to this one */
	if (facts_has_loops(number, &depth))
		row->stack_depth = depth ? depth - (number + adapter.in->insn_cnt) % 8 : 0;
#endif
}

/* Changes the row of an input subprogram as the pass must. */
static inline void facts_change_subprogram(u32 number, struct bpf_subprog_info *row)
{
#ifdef KIT_PASS_optimize_bpf_loop
	u32 depth;

	if (facts_has_loops(number, &depth))
		row->stack_depth = depth + FACTS_LOOP_SAVED;
#endif
#ifdef KIT_PASS_remove_fastcall_spills_fills
	if (facts.pass != FACTS_remove_fastcall_spills_fills || row->keep_fastcall_stack)
		return;
	for (u32 slot = adapter.in->subprogs[number].start; slot < facts_end(number); slot++)
		if (facts.marks[slot] >= FACTS_SPILLS) {
			row->stack_depth = -row->fastcall_stack_off;
			return;
		}
#endif
}

/* Computes the facts of a pass. Returns false if there is no memory. */
static bool facts_load(u32 count)
{
	const u32 insn_cnt = adapter.in->insn_cnt;
	u32 i, k;

	if (!adapter_grow(&facts.marks, &facts.marks_cap, insn_cnt, 1) ||
	    !adapter_grow(&facts.work, &facts.work_cap, insn_cnt, sizeof(u32)))
		return false;
	memset(facts.marks, facts.pass != FACTS_opt_hard_wire_dead_code_branches, insn_cnt);
	if (facts.pass == FACTS_opt_hard_wire_dead_code_branches)
		facts_walk(count);
	if (facts.pass == FACTS_opt_remove_dead_code || facts.pass == FACTS_sanitize_dead_code)
		for (i = 0; i < count; i++)
			for (k = 0; k < adapter.edits[i].remove_cnt; k++)
				facts.marks[adapter.edits[i].off + k] = 0;
	if (facts.pass == FACTS_opt_subreg_zext_lo32_rnd_hi32)
		facts_halves(count);
	if (facts.pass == FACTS_remove_fastcall_spills_fills)
		facts_spills(count);
	return true;
}

/* Writes the facts into the row of an input slot. */
static inline void facts_fill(u32 slot, struct bpf_insn_aux_data *row)
{
	const u8 marks = facts.marks[slot];

	/* the verifier writes the number of a walk, from 1 on */
	row->seen = marks & FACTS_SEEN ? slot % 7 + 1 : 0;
#ifdef KIT_PASS_opt_subreg_zext_lo32_rnd_hi32
	if (facts.pass == FACTS_opt_subreg_zext_lo32_rnd_hi32) {
		row->zext_dst = marks & FACTS_ZEXT;
		if (marks & FACTS_CONTEXT)
			row->ptr_type = PTR_TO_CTX;
	}
#endif
#ifdef KIT_PASS_remove_fastcall_spills_fills
	if (facts.pass == FACTS_remove_fastcall_spills_fills) {
		row->fastcall_spills_num = marks / FACTS_SPILLS;
		row->fastcall_pattern = !!(marks & FACTS_SPILL);
	}
#endif
#ifdef KIT_PASS_optimize_bpf_loop
	if (facts.pass == FACTS_optimize_bpf_loop)
		facts_fill_loop(slot, &row->loop_inline_state);
#endif
}

/* Hides the two numbers of a constant, which is their exclusive or; without a random number it is not hidden. */
static void facts_hide_constant(struct bpf_insn *is, const struct bpf_insn *must)
{
	if (must[0].dst_reg != 11 || must[1].dst_reg != 11 || (must[1].code & 0xf8) != 0xa0)
		return;
	if (is[0].code == must[0].code && is[1].code == must[1].code && is[1].imm &&
	    (is[0].imm ^ is[1].imm) == (must[0].imm ^ must[1].imm)) {
		is[0].imm = must[0].imm;
		is[1].imm = must[1].imm;
	}
}

/* Any random number is right. The result has the one of the case. */
static void facts_hide_random(struct bpf_insn *insns, u32 insn_cnt, u32 count)
{
	u32 i, k;

	for (i = 0; i < count && facts_is_plain(); i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		struct bpf_insn *is = insns + edit->off + adapter.moved[i];

		if (edit->off + adapter.moved[i] + edit->patch_len > insn_cnt)
			return;
		if (facts.pass == FACTS_bpf_jit_blind_constants)
			for (k = 0; k + 1 < edit->patch_len; k++)
				facts_hide_constant(is + k, edit->patch + k);
		else if (edit->patch_len == 4 && is[1].code == edit->patch[1].code)
			is[1].imm = edit->patch[1].imm;
	}
}

/*
 * The words of slots that are written over stay. The result has the word of the
 * first slot in the last one instead, as for any other patch.
 */
static void facts_move_words(u32 count)
{
	struct bpf_insn_aux_data *aux = adapter.env->insn_aux_data;
	const u32 *words = adapter.in->aux;
	u32 i;

	for (i = 0; i < count && facts_is_in_place(); i++) {
		const u32 off = adapter.edits[i].off;

		if (adapter.edits[i].remove_cnt != 2 || off + 1 >= adapter.env->prog->len ||
		    aux[off].ADAPTER_AUX_WORD != words[off] || aux[off + 1].ADAPTER_AUX_WORD != words[off + 1])
			continue;
		aux[off].ADAPTER_AUX_WORD = 0;
		aux[off + 1].ADAPTER_AUX_WORD = words[off];
	}
}

#else

static inline bool facts_is_in_place(void) { return false; }
static inline bool facts_is_plain(void) { return false; }
static inline bool facts_has_own_patches(void) { return false; }

#endif /* KIT_HAS_PASSES */

#endif
