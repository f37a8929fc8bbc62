// SPDX-License-Identifier: BSD-2-Clause
//
// The init process of the virtual machine of `run`: it mounts the file systems that the tool reads, runs the tool in
// /output, sends the files of /output over a serial port, and ends the machine.
//
// It is linked statically and needs no shell, no library, and no driver except that of the serial port.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

// Serial ports, in the order of the options in `run`; the first is the console.
#define OUTPUT_PORT "/dev/ttyS1"
#define ARCHIVE_PORT "/dev/ttyS2"
#define LOADS_PORT "/dev/ttyS3"

// The arguments after the program's name, each followed by a zero byte.
#define ARGUMENTS "/arguments"
#define OUTPUT "/output"

static void say(const char *format, ...)
{
	va_list arguments;

	fputs("init: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

// With panic=-1 and -no-reboot, a restart ends the emulator, even on kernels without power management.
static void end_machine(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void fail(const char *what)
{
	say("%s: %s", what, strerror(errno));
	end_machine();
}

static void mount_all(void)
{
	static const struct {
		const char *type, *path;
	} mounts[] = {
		{ "devtmpfs", "/dev" },
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "bpf", "/sys/fs/bpf" },
		{ "cgroup2", "/sys/fs/cgroup" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
		{ "tmpfs", "/tmp" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].path, 0755);
		// A file system that the kernel lacks is no error here; the tool reports it if it needs it.
		mount("none", mounts[i].path, mounts[i].type, 0, NULL);
	}
}

// Kernels without devtmpfs do not make the files of /dev.
static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} devices[] = {
		{ "/dev/console", 5, 1 },  { "/dev/null", 1, 3 },     { "/dev/urandom", 1, 9 },
		{ OUTPUT_PORT, 4, 65 },	   { ARCHIVE_PORT, 4, 66 }, { LOADS_PORT, 4, 67 },
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		mknod(devices[i].path, S_IFCHR | 0600, makedev(devices[i].major, devices[i].minor));
	// The tool passes memory and pipes to its workers under these names.
	if (symlink("/proc/self/fd", "/dev/fd"))
		say("/dev/fd: %s", strerror(errno));
}

// A terminal that passes on each byte unchanged.
static int open_port(const char *path)
{
	struct termios settings;
	int port = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (port < 0 || tcgetattr(port, &settings))
		fail(path);
	cfmakeraw(&settings);
	cfsetspeed(&settings, B115200);
	if (tcsetattr(port, TCSANOW, &settings))
		fail(path);
	return port;
}

static char **read_arguments(void)
{
	static char text[64 * 1024];
	static char *arguments[1024];
	int file = open(ARGUMENTS, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
	size_t count = 0;

	if (length < 0)
		fail(ARGUMENTS);
	close(file);
	arguments[count++] = "bpf-patch-fuzz";
	for (char *word = text; word < text + length && count < 1023; word += strlen(word) + 1)
		arguments[count++] = word;
	return arguments;
}

// Starts the tool and returns its status from `waitpid`.
static int run_tool(char **arguments)
{
	static char *variables[] = {
		"HOME=" OUTPUT, "PATH=/", "TMPDIR=/tmp", "LC_ALL=C.UTF-8", "BPF_PATCH_FUZZ_LOADS=" LOADS_PORT, NULL,
	};
	int output = open_port(OUTPUT_PORT);
	// The tool opens the port by its name; it keeps these settings while it is open here.
	int loads = open_port(LOADS_PORT);
	pid_t tool = fork(), ended;
	int status;

	if (tool < 0)
		fail("fork");
	if (tool == 0) {
		int nothing = open("/dev/null", O_RDWR);

		// A session without a terminal, so that no byte on a port is a control character.
		setsid();
		dup2(nothing, STDIN_FILENO);
		dup2(output, STDOUT_FILENO);
		execve("/bpf-patch-fuzz", arguments, variables);
		say("/bpf-patch-fuzz: %s", strerror(errno));
		_exit(1);
	}
	// Orphans are reaped here as well.
	do
		ended = wait(&status);
	while (ended != tool && (ended > 0 || errno == EINTR));
	tcdrain(output);
	close(output);
	close(loads);
	return status;
}

// The archive has cpio's "newc" format: each name and each content is padded to four bytes.
static FILE *archive;

static void put_padded(const void *bytes, size_t count, size_t already)
{
	fwrite(bytes, 1, count, archive);
	while ((already + count++) % 4)
		fputc(0, archive);
}

static void put_entry(const char *name, unsigned mode, const void *content, size_t size)
{
	static unsigned number;
	int header = fprintf(archive, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++number, mode, 0, 0, 1,
			     0, (unsigned)size, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);

	put_padded(name, strlen(name) + 1, header);
	put_padded(content, size, 0);
}

static int put_file(const char *path, const struct stat *status, int kind, struct FTW *position)
{
	char *content = malloc((size_t)status->st_size + 1);
	ssize_t size = 0;

	(void)position;
	if (!content) {
		say("%s is too large for the archive", path);
		return 0;
	}
	if (kind == FTW_F && S_ISREG(status->st_mode)) {
		int file = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got;

		while (size < status->st_size && (got = read(file, content + size, status->st_size - size)) > 0)
			size += got;
		close(file);
	} else if (kind == FTW_SL) {
		size = readlink(path, content, status->st_size + 1);
	} else if (kind != FTW_D) {
		size = -1;
	}
	if (size >= 0)
		put_entry(path + 1, status->st_mode, content, size);
	free(content);
	return 0;
}

static void send_archive(int status)
{
	char text[32];

	archive = fdopen(open_port(ARCHIVE_PORT), "w");
	if (!archive)
		fail(ARCHIVE_PORT);
	nftw(OUTPUT, put_file, 16, FTW_PHYS);
	// Last, so that its presence shows that the archive is complete.
	snprintf(text, sizeof(text), WIFSIGNALED(status) ? "signal %d" : "exit %d",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	put_entry("status", S_IFREG | 0644, text, strlen(text));
	put_entry("TRAILER!!!", 0, "", 0);
	fflush(archive);
	tcdrain(fileno(archive));
}

int main(void)
{
	mount_all();
	make_devices();
	// The standard descriptors are missing if the archive has no /dev/console.
	int console = open("/dev/console", O_RDWR);
	for (int descriptor = 0; descriptor < 3; descriptor++)
		dup2(console, descriptor);
	if (console > 2)
		close(console);
	// The boot was quiet; from here on, warnings must be printed.
	klogctl(8, NULL, 6);
	mkdir(OUTPUT, 0755);
	if (chdir(OUTPUT))
		fail(OUTPUT);
	// On kernels older than 5.11, libbpf locks memory.
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	fprintf(stderr, "init: ready\n");
	send_archive(run_tool(read_arguments()));
	// Messages of the shutdown are not printed.
	klogctl(8, NULL, 1);
	end_machine();
}
