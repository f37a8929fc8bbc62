// SPDX-License-Identifier: BSD-2-Clause
#include "process.h"

#include <sys/prctl.h>
#include <unistd.h>

pid_t process_fork(void) { return fork(); }

int process_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, (unsigned long)signal); }

int process_leave_no_core(void) { return prctl(PR_SET_DUMPABLE, 0UL); }
