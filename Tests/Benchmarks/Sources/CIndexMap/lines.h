/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINES_H
#define LINES_H

#include "index_map.h"

/*
 * Writes the line records after a pass and returns their number. The rules go
 * edit by edit; one sweep is equivalent, since an edit never moves a record
 * before it.
 */
__u32 index_map_move_lines(const struct index_map_pass *pass, const struct bpf_patcher_image *in,
			   struct bpf_patcher_line *out);

#endif
