/* SPDX-License-Identifier: BSD-2-Clause */
/* Stack traces for signal handlers. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>

/* Call this first; then a signal handler may call the other functions. */
void process_prepare_frames(void);

/*
 * Writes one line per stack frame, from the faulting function to the first function of this program. A line has three
 * fields with tabs between: "at" or "in" (for a return address), the hexadecimal offset in the file, the file. If the fault
 * is in no function, the caller is read from the stack pointer. Returns the number of bytes.
 */
size_t process_write_frames(char *text, size_t size, const void *fault, void *const *stack);

/* Writes such a line with "to" for an address in a mapped file. For any other address it writes nothing and returns 0. */
size_t process_write_place(char *text, size_t size, const void *address);

#endif
