/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Rows of the kernel's tables in which each field has a value of its own.
 *
 * KernelPlugin.swift defines a macro for each table, which lists the fields of
 * the tree: ROWS_FIELD(kind, path). Padding is not compared.
 */
#ifndef ROWS_H
#define ROWS_H

#include "report.h"

/* a prime, so that rows at a distance of a power of two differ */
#define ROWS_TEMPLATES 61
#define ROWS_FIELDS 128
#define ROWS_LARGEST 1024

struct rows_field {
	const char *path;
	u32 start, end; /* the bytes with a bit of the field */
	u64 mask; /* of the first eight of these bytes */
	bool is_bool;
};

struct rows {
	const char *table;
	size_t size;
	u8 *templates; /* ROWS_TEMPLATES rows */
	u32 count;
	struct rows_field fields[ROWS_FIELDS];
	u8 mask[ROWS_LARGEST];
};

static inline u64 rows_mix(u64 value)
{
	value = (value ^ value >> 31) * 0x9e3779b97f4a7c15ull;
	return value ^ value >> 29;
}

/* Adds a field whose bits are the nonzero ones of `row`. */
__attribute__((__noinline__, __cold__))
static void rows_learn(struct rows *rows, const char *path, const u8 *row, bool is_bool)
{
	struct rows_field *field = &rows->fields[rows->count];
	u32 i;

	if (rows->count == ROWS_FIELDS || rows->size > ROWS_LARGEST)
		return;
	*field = (struct rows_field){ .path = path, .start = rows->size, .is_bool = is_bool };
	for (i = 0; i < rows->size; i++) {
		if (!row[i])
			continue;
		if (field->start == rows->size)
			field->start = i;
		field->end = i + 1;
		rows->mask[i] |= is_bool ? 0xff : row[i];
		if (i - field->start < 8)
			field->mask |= (u64)(is_bool ? 0xff : row[i]) << 8 * (i - field->start);
	}
	rows->count += field->end > 0;
}

/* Makes the templates: random bits in all fields, and a bool is 0 or 1. */
static bool rows_make(struct rows *rows)
{
	u32 i, f, byte;

	rows->templates = malloc(ROWS_TEMPLATES * rows->size);
	if (!rows->templates || rows->size > ROWS_LARGEST)
		return false;
	for (i = 0; i < ROWS_TEMPLATES; i++) {
		u8 *row = rows->templates + i * rows->size;

		for (byte = 0; byte < rows->size; byte++)
			row[byte] = rows_mix((u64)i << 32 | (byte + 1)) & rows->mask[byte];
		for (f = 0; f < rows->count; f++)
			for (byte = rows->fields[f].start; rows->fields[f].is_bool && byte < rows->fields[f].end; byte++)
				row[byte] &= 1;
	}
	return true;
}

/* The row of an entry of the input. */
static inline const void *rows_template(const struct rows *rows, u32 entry)
{
	return rows->templates + entry % ROWS_TEMPLATES * rows->size;
}

static u64 rows_value(const struct rows_field *field, const void *row)
{
	const u32 size = field->end - field->start;
	u64 value = 0;

	memcpy(&value, (const u8 *)row + field->start, size < 8 ? size : 8);
	return value & field->mask;
}

/* The first field in which two rows differ, or NULL. */
static const struct rows_field *rows_difference(const struct rows *rows, const void *one, const void *two)
{
	u32 f, byte;

	if (likely(!memcmp(one, two, rows->size)))
		return NULL;
	for (f = 0; f < rows->count; f++) {
		const struct rows_field *field = &rows->fields[f];

		if (rows_value(field, one) != rows_value(field, two))
			return field;
		for (byte = field->start + 8; byte < field->end; byte++)
			if (((const u8 *)one)[byte] != ((const u8 *)two)[byte])
				return field;
	}
	return NULL;
}

/* Reports an entry if it is not as it must be. Returns true if it is. */
static bool rows_are_equal(const struct rows *rows, u32 entry, const void *must, const void *is)
{
	const struct rows_field *field = rows_difference(rows, must, is);

	if (likely(!field))
		return true;
	return report_stale(rows->table, "%s[%u].%s must be 0x%llx and is 0x%llx", rows->table, entry, field->path,
			    rows_value(field, must), rows_value(field, is));
}

#define ROWS_SET_BYTES(place) memset(&(place), 0xff, sizeof(place))
#define ROWS_SET_BOOL(place) memset(&(place), 0x01, sizeof(place))
#define ROWS_SET_BITS(place) ((place) = -1)
#define ROWS_FIELD(kind, path) \
	memset(row, 0, sizeof(*row)); \
	ROWS_SET_##kind(row->path); \
	rows_learn(rows, #path, (const u8 *)row, #kind[2] == 'O');
/* Defines the table `name` of rows of a type, and the function that makes it. */
#define ROWS_DEFINE(name, type, fields) \
	static struct rows name##_rows = { .table = #name, .size = sizeof(type) }; \
	__attribute__((__noinline__, __cold__)) static bool name##_make(void) \
	{ \
		struct rows *rows = &name##_rows; \
		type one, *row = &one; \
		if (rows->templates) \
			return true; \
		fields \
		return rows_make(rows); \
	}

ROWS_DEFINE(insn_aux_data, struct bpf_insn_aux_data, ADAPTER_FIELDS_bpf_insn_aux_data)
ROWS_DEFINE(subprog_info, struct bpf_subprog_info, ADAPTER_FIELDS_bpf_subprog_info)
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
ROWS_DEFINE(func_info_aux, struct bpf_func_info_aux, ADAPTER_FIELDS_bpf_func_info_aux)
#endif

static bool rows_make_all(void)
{
	return insn_aux_data_make() && subprog_info_make()
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	       && func_info_aux_make()
#endif
		;
}

#endif
