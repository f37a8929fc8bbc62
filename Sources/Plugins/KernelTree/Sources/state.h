/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The adapter's state: the verifier environment of the functions, and the jump targets. */
#ifndef STATE_H
#define STATE_H

#include "bpf_patcher_kernel.h"
#include "memory.h"

#define ADAPTER_SUBPROGS \
	(sizeof(((struct bpf_verifier_env *)0)->subprog_info) / sizeof(struct bpf_subprog_info) - 1)

enum adapter_field { ADAPTER_NONE, ADAPTER_OFF, ADAPTER_IMM, ADAPTER_CALL };

/* The environment of the functions, allocated once. */
static struct {
	struct bpf_verifier_env *env;
	struct bpf_prog_aux aux;
	const struct bpf_patcher_edit *edits;
	u32 edit_cnt;
	s32 *moved; /* moved[n]: displacement of the slots after the first n edits */
	u32 moved_cap;
	struct bpf_insn *patch; /* the patch argument of the functions */
	u32 patch_cap;
	u32 *diverted; /* jumps that temporarily target the slot after an insertion */
	u32 diverted_cap;
	const struct bpf_patcher_image *in;
	bool has_rows; /* the templates of rows are made */
	bool has_line[ADAPTER_SUBPROGS + 1]; /* by input subprogram: it has a line record at its start */
	void *stats, *active; /* blocks that the program owns */
	u32 used_subprogs; /* entries of subprog_info that the last pass used */
} adapter;

/* The line record with an id: all its fields depend on it. */
static struct bpf_line_info adapter_line(u32 insn_off, u32 id)
{
	return (struct bpf_line_info){
		.insn_off = insn_off, .file_name_off = id * 0x9e3779b1u, .line_off = ~id * 0x85ebca77u, .line_col = id,
	};
}

static bool adapter_is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* The field that holds the jump offset of an instruction. */
static enum adapter_field adapter_field(const struct bpf_insn *insn)
{
	const u8 class = insn->code & 0x07, op = insn->code & 0xf0;

	if (adapter_is_wide(insn))
		return insn->src_reg == 4 ? ADAPTER_CALL : ADAPTER_NONE;
	if (class != 0x05 && class != 0x06)
		return ADAPTER_NONE;
	if (insn->code == 0x85)
		return insn->src_reg == 1 ? ADAPTER_CALL : ADAPTER_NONE;
	if (insn->code == 0x06)
		return ADAPTER_IMM;
	return op == 0x80 || op == 0x90 || insn->code == 0x0d ? ADAPTER_NONE : ADAPTER_OFF;
}

static s64 adapter_offset(const struct bpf_insn *insn, enum adapter_field field)
{
	return field == ADAPTER_OFF ? insn->off : insn->imm;
}

/* Retargets the instruction at `index` to `target`. */
static int adapter_retarget(struct bpf_insn *insn, enum adapter_field field, s64 index, s64 target)
{
	const s64 offset = target - index - 1;

	if (field == ADAPTER_OFF) {
		if (offset != (s16)offset)
			return -ERANGE;
		insn->off = offset;
	} else {
		if (offset != (s32)offset)
			return -ERANGE;
		insn->imm = offset;
	}
	return 0;
}

static bool adapter_grow(void *row, u32 *cap, u32 count, size_t size)
{
	void **bytes = row, *grown;

	if (count <= *cap)
		return true;
	count += count / 2 + 64;
	grown = realloc(*bytes, count * size);
	if (!grown)
		return false;
	*bytes = grown;
	*cap = count;
	return true;
}

/*
 * The target of a jump to input index `to` after the first `count` edits: the
 * code inserted before it, the patch that replaced it, the instruction itself,
 * or, if that was deleted, its successor.
 */
static s64 adapter_jump_target(u32 to, u32 count, bool is_call)
{
	u32 low = 0, high = count;

	/* find the first edit that ends after `to`, or inserts there */
	while (low < high) {
		const u32 middle = (low + high) / 2;
		const struct bpf_patcher_edit *edit = &adapter.edits[middle];

		if (edit->off + edit->remove_cnt > to || (!edit->remove_cnt && edit->off == to))
			high = middle;
		else
			low = middle + 1;
	}
	for (; low < count; low++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[low];

		if (edit->off > to)
			break;
		if (!edit->remove_cnt && edit->flags & BPF_PATCHER_JUMPS_SKIP && !is_call)
			return (s64)to + adapter.moved[low] + edit->patch_len;
		if (edit->patch_len)
			return (s64)edit->off + adapter.moved[low];
		to = edit->off + edit->remove_cnt;
	}
	return (s64)to + adapter.moved[low];
}

#endif
