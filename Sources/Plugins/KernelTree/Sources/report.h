/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The text of the first fault in a pass: the table, the entry, its expected value and its value. */
#ifndef REPORT_H
#define REPORT_H

#include "memory.h"

static struct {
	char table[48]; /* empty if there is no fault */
	char words[512];
} report;

static void report_clear(void)
{
	*report.table = 0;
	*report.words = 0;
}

/* Keeps the first report of a pass. Returns false. */
__attribute__((__noinline__, __cold__, __format__(printf, 2, 3)))
static bool report_stale(const char *table, const char *format, ...)
{
	va_list values;

	if (*report.table)
		return false;
	snprintf(report.table, sizeof(report.table), "%s", table);
	va_start(values, format);
	vsnprintf(report.words, sizeof(report.words), format, values);
	va_end(values);
	return false;
}

#endif
