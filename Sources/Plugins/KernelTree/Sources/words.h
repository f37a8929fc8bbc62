/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The aux words of kept instructions, which the functions move to the last slot of a patch. */
#ifndef WORDS_H
#define WORDS_H

#include "state.h"

/* Moves the words to the kept instructions, as callers do. */
static void words_move(u32 count)
{
	struct bpf_insn_aux_data *aux = adapter.env->insn_aux_data;
	u32 i;

	for (i = 0; i < count; i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		const u32 off = edit->off + adapter.moved[i], last = off + edit->patch_len - 1;

		if (!edit->patch_len || edit->keep == BPF_PATCHER_NONE || last >= adapter.env->prog->len)
			continue;
		if (off + edit->keep != last) {
			aux[off + edit->keep].ADAPTER_AUX_WORD = aux[last].ADAPTER_AUX_WORD;
			aux[last].ADAPTER_AUX_WORD = 0;
		}
		if (edit->remove_cnt > 1)
			aux[off + edit->keep + 1].ADAPTER_AUX_WORD = adapter.in->aux[edit->off + 1];
	}
}

#endif
