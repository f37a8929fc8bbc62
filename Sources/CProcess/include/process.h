/* SPDX-License-Identifier: BSD-2-Clause */
/* C library calls that Swift does not import: it marks them unavailable, or they are variadic. */
#ifndef PROCESS_H
#define PROCESS_H

#include <spawn.h>
#include <sys/types.h>

#include "frames.h"

/* fork(2). The caller has one thread. */
pid_t process_fork(void);

/* Makes the kernel signal this process when the thread that created it ends: prctl(2), PR_SET_PDEATHSIG. */
int process_die_with_parent(int signal);

/* Prevents core dumps of this process, including those piped to a program: prctl(2), PR_SET_DUMPABLE. */
int process_leave_no_core(void);

/* Makes this process the parent of the processes that its children leave running, in sessions of their own too: prctl(2),
 * PR_SET_CHILD_SUBREAPER. */
int process_adopt_orphans(void);

/* Returns 1 if orphans of this process become its children, else 0. */
int process_adopts_orphans(void);

/* Opens a descriptor that becomes readable when a process ends: pidfd_open(2). Negative on failure. */
int process_open_end(pid_t process);

/* Opens an unnamed memory file with close-on-exec: memfd_create(2). Negative on failure. */
int process_open_memory(void);

/* Accepts a connection, with close-on-exec: accept4(2). Negative on failure. */
int process_accept(int socket);

/* Makes posix_spawn(3) start a program in a folder. */
int process_start_in(posix_spawn_file_actions_t *actions, const char *folder);

#endif
