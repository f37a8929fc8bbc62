// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>

#include "lines.h"

/* No slot. */
#define NOTHING ((__u32)-1)

__u32 index_map_move_lines(const struct index_map_pass *pass, const struct bpf_patcher_image *in,
			   struct bpf_patcher_line *out)
{
	const struct bpf_patcher_line *line = in->lines, *end = line + in->line_cnt;
	const struct bpf_patcher_line *start_out = out;
	/* The record that a deletion passes to the slot after it. */
	struct bpf_patcher_line heir = {NOTHING, 0};
	__u32 shift = 0;

	for (const struct index_map_edit *edit = pass->edits; edit < pass->edits + pass->edit_cnt; edit++) {
		/* A record at the first slot of a patch stays with the patch. */
		__u32 stay = edit->off + (edit->patch_cnt > 0), behind = edit->off + edit->remove;
		bool is_dropped = false;

		if (heir.insn_off < stay) {
			*out++ = (struct bpf_patcher_line){heir.insn_off + shift, heir.id};
			heir.insn_off = NOTHING;
		} else if (heir.insn_off != NOTHING) {
			/* An edit does not start before the end of the previous one, so this one starts at the heir. */
			is_dropped = true;
		}
		for (; line < end && line->insn_off < stay; line++)
			*out++ = (struct bpf_patcher_line){line->insn_off + shift, line->id};
		for (; line < end && line->insn_off < behind; line++) {
			heir.id = line->id;
			is_dropped = true;
		}
		if (is_dropped)
			heir.insn_off = behind < in->insn_cnt && (line == end || line->insn_off != behind) ? behind : NOTHING;
		shift += edit->patch_cnt - edit->remove;
	}
	if (heir.insn_off != NOTHING)
		*out++ = (struct bpf_patcher_line){heir.insn_off + shift, heir.id};
	for (; line < end; line++)
		*out++ = (struct bpf_patcher_line){line->insn_off + shift, line->id};
	return out - start_out;
}
