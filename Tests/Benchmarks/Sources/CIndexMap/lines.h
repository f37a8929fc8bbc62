/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINES_H
#define LINES_H

#include "index_map.h"

/*
 * Writes the line records behind a pass and says how many there are. The rules
 * go edit by edit; one sweep gives the same, as an edit never moves a record in
 * front of it.
 */
__u32 index_map_move_lines(const struct index_map_pass *pass, const struct bpf_patcher_image *in,
			   struct bpf_patcher_line *out);

#endif
