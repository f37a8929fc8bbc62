// SPDX-License-Identifier: BSD-2-Clause
#define _GNU_SOURCE
#include "frames.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdint.h>

#define MOST_FRAMES 64

/* Async-signal-safe output: no allocation, and no lock except the loader's. */

static void put_text(char **at, const char *end, const char *text)
{
	while (*text && *at < end)
		*(*at)++ = *text++;
}

static void put_number(char **at, const char *end, uintptr_t number)
{
	char digits[2 * sizeof(number) + 1];
	int n = sizeof(digits) - 1;

	digits[n] = 0;
	do {
		digits[--n] = "0123456789abcdef"[number & 15];
		number >>= 4;
	} while (number);
	put_text(at, end, digits + n);
}

void process_prepare_frames(void)
{
	void *frames[2];

	/* The first call loads libgcc_s, which a signal handler must not do. */
	backtrace(frames, 2);
}

size_t process_write_frames(char *text, size_t size, const void *fault, void *const *stack)
{
	void *frames[MOST_FRAMES];
	int count = backtrace(frames, MOST_FRAMES), start = 0;
	char *at = text, *end = text + size;
	Dl_info own, info;

	if (!dladdr((void *)process_prepare_frames, &own))
		return 0;
	for (int i = 0; i < count; i++)
		if (frames[i] == fault)
			start = i;
	/* If no frame is the faulting address, skip the frames of the harness up to the signal handler. */
	if (!start)
		while (start < count && dladdr(frames[start], &info) && info.dli_fbase == own.dli_fbase)
			start++;
	/* After a jump to an address without a function, only the return address on top of the stack is known. */
	if (stack && !dladdr(fault, &info)) {
		frames[0] = *stack;
		start = 0;
		count = 1;
	}
	for (int i = start; i < count; i++) {
		/* Stop at the harness: the outer frames are not part of the patcher. */
		if (!dladdr(frames[i], &info) || info.dli_fbase == own.dli_fbase)
			break;
		uintptr_t offset = (uintptr_t)frames[i] - (uintptr_t)info.dli_fbase;

		put_text(&at, end, frames[i] == fault ? "at\t" : "in\t");
		put_number(&at, end, offset);
		put_text(&at, end, "\t");
		put_text(&at, end, info.dli_fname ? info.dli_fname : "");
		put_text(&at, end, "\n");
	}
	return (size_t)(at - text);
}

size_t process_write_place(char *text, size_t size, const void *address)
{
	char *at = text, *end = text + size;
	Dl_info info;

	if (!dladdr(address, &info) || !info.dli_fname)
		return 0;
	put_text(&at, end, "to\t");
	put_number(&at, end, (uintptr_t)address - (uintptr_t)info.dli_fbase);
	put_text(&at, end, "\t");
	put_text(&at, end, info.dli_fname);
	put_text(&at, end, "\n");
	return (size_t)(at - text);
}
