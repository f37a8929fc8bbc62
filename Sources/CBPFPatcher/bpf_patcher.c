// SPDX-License-Identifier: BSD-2-Clause
/* The struct layouts of ABI version 1. A change here breaks compiled plug-ins. */
#include <stddef.h>

#include "bpf_patcher.h"
#include "bpf_patcher_kernel.h"

#ifdef __LP64__
_Static_assert(sizeof(struct bpf_patcher_subprog) == 8, "subprog");
_Static_assert(sizeof(struct bpf_patcher_line) == 8, "line");
_Static_assert(sizeof(struct bpf_patcher_ref) == 8, "ref");
_Static_assert(sizeof(struct bpf_patcher_image) == 56, "image");
_Static_assert(offsetof(struct bpf_patcher_image, subprogs) == 24, "image.subprogs");
_Static_assert(offsetof(struct bpf_patcher_image, lines) == 40, "image.lines");
_Static_assert(sizeof(struct bpf_patcher_edit) == 40, "edit");
_Static_assert(offsetof(struct bpf_patcher_edit, refs) == 24, "edit.refs");
_Static_assert(sizeof(struct bpf_patcher) == 24, "patcher");
_Static_assert(sizeof(struct bpf_patcher_kernel) == 56, "kernel");
#endif
