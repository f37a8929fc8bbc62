// SPDX-License-Identifier: BSD-2-Clause
#include "bare_loads.h"

#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

/* Room for the largest measured program. */
#define MOST_INSNS (1u << 18)
#define MOST_RECORDS (1u << 16)

static struct bpf_insn insns[MOST_INSNS];
static struct bpf_func_info functions[MOST_RECORDS];
static struct bpf_line_info lines[MOST_RECORDS];

size_t bare_loads(const struct bare_program *programs, size_t count)
{
	size_t loaded = 0;

	for (size_t i = 0; i < count; i++) {
		const struct bare_program *p = &programs[i];
		LIBBPF_OPTS(bpf_prog_load_opts, opts,
			.expected_attach_type = p->expected_attach_type,
			.attach_btf_id = p->attach_btf_id,
			.prog_btf_fd = p->prog_btf_fd,
			.prog_flags = p->prog_flags,
			.fd_array = p->fd_array,
			.func_info = p->func_info,
			.func_info_cnt = p->func_info_cnt,
			.func_info_rec_size = sizeof(struct bpf_func_info),
			.line_info = p->line_info,
			.line_info_cnt = p->line_info_cnt,
			.line_info_rec_size = sizeof(struct bpf_line_info));
		struct bpf_prog_info info = {
			.xlated_prog_len = sizeof(insns),
			.xlated_prog_insns = (__u64)(unsigned long)insns,
			.func_info_rec_size = sizeof(struct bpf_func_info),
			.nr_func_info = MOST_RECORDS,
			.func_info = (__u64)(unsigned long)functions,
			.line_info_rec_size = sizeof(struct bpf_line_info),
			.nr_line_info = MOST_RECORDS,
			.line_info = (__u64)(unsigned long)lines,
		};
		__u32 size = sizeof(info);
		int fd = bpf_prog_load(p->prog_type, NULL, "GPL", p->insns, p->insn_cnt, &opts);

		if (fd < 0)
			continue;
		loaded += bpf_obj_get_info_by_fd(fd, &info, &size) == 0;
		close(fd);
	}
	return loaded;
}
