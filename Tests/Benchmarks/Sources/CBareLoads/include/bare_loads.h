/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads programs, reads them back and unloads them, without any other work: the
 * baseline for the rate of loads.
 */
#ifndef BARE_LOADS_H
#define BARE_LOADS_H

#include <linux/types.h>
#include <stddef.h>

struct bare_program {
	const void *insns;     /* struct bpf_insn */
	const void *func_info; /* struct bpf_func_info */
	const void *line_info; /* struct bpf_line_info */
	const int *fd_array;
	__u32 insn_cnt;
	__u32 func_info_cnt;
	__u32 line_info_cnt;
	__u32 prog_type;
	__u32 expected_attach_type;
	__u32 attach_btf_id;
	__u32 prog_btf_fd;
	__u32 prog_flags;
};

/* Loads all programs once; returns how many were loaded and read back. */
size_t bare_loads(const struct bare_program *programs, size_t count);

#endif
