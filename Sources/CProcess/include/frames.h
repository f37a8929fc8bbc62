/* SPDX-License-Identifier: BSD-2-Clause */
/* Who called what, as a signal handler may find it out. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>

/* Makes everything ready for the other functions, which a signal handler may then call. */
void process_prepare_frames(void);

/*
 * Writes a line for each function on the stack, from the one that faulted to the first of this program: "at" or "in" (for a
 * return address), the offset in its file in hexadecimal, and the file, with tabs between. The stack pointer is used where
 * the fault is in no function. Returns the number of bytes.
 */
size_t process_write_frames(char *text, size_t size, const void *fault, void *const *stack);

/* Writes such a line, with "to", for an address that belongs to a file; nothing for another. */
size_t process_write_place(char *text, size_t size, const void *address);

#endif
