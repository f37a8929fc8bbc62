/* SPDX-License-Identifier: BSD-2-Clause */
/* What Swift's import of the C library leaves out: calls that it calls unsafe, or whose arguments vary. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

#include "frames.h"

/* fork(2). The caller has one thread. */
pid_t process_fork(void);

/* Lets the kernel send this process a signal when the thread that made it ends: prctl(2), PR_SET_PDEATHSIG. */
int process_die_with_parent(int signal);

/* Keeps this process from writing a core, also where cores are piped to a program: prctl(2), PR_SET_DUMPABLE. */
int process_leave_no_core(void);

/* Makes this process the parent of what its children leave running, also in sessions of their own: prctl(2), PR_SET_CHILD_SUBREAPER. */
int process_adopt_orphans(void);

/* A descriptor that can be read once a process has ended: pidfd_open(2); negative where there is none. */
int process_open_end(pid_t process);

/* A file in memory that has no name, which no other program inherits: memfd_create(2). */
int process_open_memory(void);

#endif
