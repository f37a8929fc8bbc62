// SPDX-License-Identifier: BSD-2-Clause
/*
 * A patcher to start from. It replaces one instruction by a patch and adjusts
 * jumps by a map from old to new indices. Build and fuzz it with
 *
 *   cc -shared -fPIC -O2 -I Sources/CBPFPatcher/include Tests/Plugins/example.c -o example.so
 *   bpf-patch-fuzz run --time 10 --plugin ./example.so
 *
 * Break a line and look at the findings.
 */
#include <errno.h>
#include <stdlib.h>

#include "bpf_patcher.h"

enum field { NO_OFFSET, OFFSET_IN_OFF, OFFSET_IN_IMM };

/* The field with the offset of a jump, a call or a function address. */
static enum field field_of(const struct bpf_insn *insn)
{
	switch (insn->code) {
	case BPF_JMP32 | BPF_JA: /* gotol */
		return OFFSET_IN_IMM;
	case BPF_JMP | BPF_CALL:
		return insn->src_reg == BPF_PSEUDO_CALL ? OFFSET_IN_IMM : NO_OFFSET;
	case BPF_LD | BPF_IMM | BPF_DW:
		return insn->src_reg == BPF_PSEUDO_FUNC ? OFFSET_IN_IMM : NO_OFFSET;
	case BPF_JMP | BPF_JA | BPF_X: /* gotox */
		return NO_OFFSET;
	}
	if (BPF_CLASS(insn->code) != BPF_JMP && BPF_CLASS(insn->code) != BPF_JMP32)
		return NO_OFFSET;
	return BPF_OP(insn->code) == BPF_CALL || BPF_OP(insn->code) == BPF_EXIT ? NO_OFFSET : OFFSET_IN_OFF;
}

/* Adjusts a copied jump, at input index `from`, to its old target. */
static int fix(struct bpf_insn *insn, __u32 from, const __u32 *map)
{
	enum field field = field_of(insn);
	__s64 offset;

	if (field == NO_OFFSET)
		return 0;
	offset = field == OFFSET_IN_OFF ? insn->off : insn->imm;
	offset = (__s64)map[from + 1 + offset] - map[from] - 1;
	if (field == OFFSET_IN_IMM)
		insn->imm = offset;
	else if (offset >= -32768 && offset <= 32767)
		insn->off = offset;
	else
		return -ERANGE;
	return 0;
}

/* Writes a patch and its aux words. Its jumps target the patch or the next instruction, so their offsets are right. */
static void put_patch(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edit, struct bpf_patcher_image *out,
		      __u32 at)
{
	__u32 last = edit->keep == BPF_PATCHER_NONE ? edit->patch_len - 1 : edit->keep;

	for (__u32 i = 0; i < edit->patch_len; i++) {
		out->insns[at + i] = i == edit->keep ? in->insns[edit->off] : edit->patch[i];
		out->aux[at + i] = i == last ? in->aux[edit->off] : 0;
	}
}

static int apply(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
		 struct bpf_patcher_image *out)
{
	static __u32 *map, map_cap;
	__u32 next = 0, at = 0;
	int err = 0;

	if (in->insn_cnt > map_cap) {
		__u32 *larger = realloc(map, in->insn_cnt * sizeof(*map));

		if (!larger)
			return -ENOMEM;
		map = larger;
		map_cap = in->insn_cnt;
	}
	for (__u32 i = 0; i < in->insn_cnt; i++) {
		map[i] = at;
		at += next < edit_cnt && edits[next].off == i ? edits[next++].patch_len : 1;
	}
	out->insn_cnt = at;
	next = 0;
	for (__u32 i = 0; i < in->insn_cnt && !err; i++) {
		if (next < edit_cnt && edits[next].off == i) {
			put_patch(in, &edits[next++], out, map[i]);
			continue;
		}
		out->insns[map[i]] = in->insns[i];
		out->aux[map[i]] = in->aux[i];
		err = fix(&out->insns[map[i]], i, map);
	}
	for (__u32 i = 0; i < in->subprog_cnt; i++) {
		out->subprogs[i].start = map[in->subprogs[i].start];
		out->subprogs[i].id = in->subprogs[i].id;
	}
	out->subprog_cnt = in->subprog_cnt;
	for (__u32 i = 0; i < in->line_cnt; i++) {
		out->lines[i].insn_off = map[in->lines[i].insn_off];
		out->lines[i].id = in->lines[i].id;
	}
	out->line_cnt = in->line_cnt;
	return err;
}

const struct bpf_patcher *bpf_patcher_v1(void)
{
	/* No deletions, insertions or ranges, no kept jumps, no refs. */
	static const struct bpf_patcher patcher = {
		.abi = BPF_PATCHER_ABI,
		.caps = BPF_PATCHER_AUX | BPF_PATCHER_SUBPROGS | BPF_PATCHER_LINES,
		.name = "example",
		.apply = apply,
	};

	return &patcher;
}
