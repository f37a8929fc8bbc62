// SPDX-License-Identifier: BSD-2-Clause
//
// Imitates the tool for the tests of `run`: each argument is an action.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void write_text(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CREAT, 0644);

	if (file < 0 || write(file, text, strlen(text)) < 0)
		perror(path);
	// A serial port sends its bytes before the machine may end.
	tcdrain(file);
	close(file);
}

int main(int count, char **words)
{
	for (int i = 1; i < count; i++) {
		const char *word = words[i], *rest = strchr(word, '=');

		rest = rest ? rest + 1 : "";
		if (!strncmp(word, "exit=", 5))
			return atoi(rest);
		else if (!strncmp(word, "signal=", 7))
			raise(atoi(rest));
		else if (!strcmp(word, "wait"))
			pause();
		else if (!strcmp(word, "panic"))
			write_text("/proc/sysrq-trigger", "c");
		// Imitates a message of the kernel.
		else if (!strncmp(word, "kernel=", 7))
			write_text("/dev/kmsg", rest);
		// Imitates the load of a program, which is announced before it.
		else if (!strncmp(word, "load=", 5))
			write_text(getenv("BPF_PATCH_FUZZ_LOADS"), rest);
		else if (!strcmp(word, "bytes"))
			for (int byte = 0; byte < 1 << 16; byte++)
				putchar(byte);
		else if (!strncmp(word, "keep=", 5))
			write_text("kept", rest);
		else if (!strcmp(word, "input"))
			execl("/bpf-patch-fuzz", "bpf-patch-fuzz", access("/input/pretend.c", R_OK) ? "exit=3" : "exit=4", NULL);
	}
	return 2;
}
