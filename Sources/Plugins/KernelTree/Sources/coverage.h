/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Counts the lines and the outcomes of conditions that passes reach: see 'plugin
 * build --coverage'. The functions of the tree set bytes of standin_hits.
 *
 * All processes of a campaign share the bytes in a file of the folder in the
 * environment variable BPF_PATCHER_COVERAGE.
 */
/* CoveredText.swift defines COVERAGE_NAME, COVERAGE_COUNT and coverage_places. */
#ifndef COVERAGE_H
#define COVERAGE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned char coverage_own[COVERAGE_COUNT];
static unsigned char *standin_hits = coverage_own;

static int coverage_file(const char *folder, const char *kind, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" COVERAGE_NAME ".%s", folder, kind);
	return open(path, flags | O_CREAT | O_CLOEXEC, 0666);
}

/* The first process writes the places. */
static void coverage_write_places(const char *folder)
{
	const int file = coverage_file(folder, "places", O_WRONLY | O_EXCL);
	size_t done = 0;

	if (file < 0)
		return;
	while (done < sizeof(coverage_places) - 1) {
		const ssize_t count = write(file, coverage_places + done, sizeof(coverage_places) - 1 - done);

		if (count <= 0)
			break;
		done += count;
	}
	close(file);
}

/* Shares the bytes. Without a folder, or if that fails, nothing reads them. */
static void coverage_open(void)
{
	const char *folder = getenv("BPF_PATCHER_COVERAGE");
	void *hits = MAP_FAILED;
	int file;

	if (!folder || standin_hits != coverage_own)
		return;
	coverage_write_places(folder);
	file = coverage_file(folder, "hits", O_RDWR);
	if (file < 0)
		return;
	if (!ftruncate(file, COVERAGE_COUNT))
		hits = mmap(NULL, COVERAGE_COUNT, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (hits != MAP_FAILED)
		standin_hits = hits;
}

#endif
