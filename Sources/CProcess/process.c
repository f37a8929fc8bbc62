// SPDX-License-Identifier: BSD-2-Clause
#define _GNU_SOURCE
#include "process.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t process_fork(void) { return fork(); }

int process_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, (unsigned long)signal); }

int process_leave_no_core(void) { return prctl(PR_SET_DUMPABLE, 0UL); }

int process_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1UL); }

int process_adopts_orphans(void)
{
	int adopts = 0;

	return !prctl(PR_GET_CHILD_SUBREAPER, (unsigned long)&adopts) && adopts;
}

int process_open_end(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0U); }

int process_open_memory(void) { return memfd_create("bpf-patch-fuzz", MFD_CLOEXEC); }

int process_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC); }

int process_start_in(posix_spawn_file_actions_t *actions, const char *folder)
{
	return posix_spawn_file_actions_addchdir_np(actions, folder);
}
