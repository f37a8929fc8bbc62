/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A copy of all tables, which a refused or aborted call must leave as they were. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "check.h"

#define SNAPSHOT_TABLES 12
/* bytes to copy in a pass; thousands of edits of a long program would take seconds */
#define SNAPSHOT_MOST (64u << 20)

struct snapshot_table {
	const char *name;
	const void *rows;
	size_t size; /* of a row */
	u32 count;
};

static struct {
	struct snapshot_table tables[SNAPSHOT_TABLES];
	u32 count;
	u8 *bytes;
	size_t cap;
	size_t copied; /* in this pass */
} snapshot;

/* Lists all tables with their current rows. */
static u32 snapshot_list(struct snapshot_table *list)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog_aux *aux = &adapter.aux;
	u32 n = 0;

	list[n++] = (struct snapshot_table){ "insns", env->prog->insnsi, sizeof(struct bpf_insn), env->prog->len };
	list[n++] = (struct snapshot_table){ "insn_aux_data", env->insn_aux_data, sizeof(*env->insn_aux_data),
					       env->prog->len };
	list[n++] = (struct snapshot_table){ "subprog_info", env->subprog_info, sizeof(*env->subprog_info),
					       env->subprog_cnt + 1 };
	list[n++] = (struct snapshot_table){ "linfo", aux->linfo, sizeof(*aux->linfo), aux->nr_linfo };
	list[n++] = (struct snapshot_table){ "func_info", aux->func_info, sizeof(*aux->func_info),
					       aux->func_info_cnt };
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	list[n++] = (struct snapshot_table){ "func_info_aux", aux->func_info_aux, sizeof(*aux->func_info_aux),
					       aux->func_info_cnt };
#endif
#ifdef ADAPTER_HAS_POKE
	list[n++] = (struct snapshot_table){ "poke_tab", aux->poke_tab, sizeof(*aux->poke_tab), aux->size_poke_tab };
#endif
#ifdef ADAPTER_HAS_INSN_ARRAY
	if (tables.array)
		list[n++] = (struct snapshot_table){ "insn_array", tables.array->values,
						       sizeof(tables.array->values[0]), TABLES_ENTRIES };
#endif
#ifdef ADAPTER_FUNC_PTRS_COUNT
	list[n++] = (struct snapshot_table){ "func_ptrs", env->func_ptrs, sizeof(env->func_ptrs[0]),
					       env->ADAPTER_FUNC_PTRS_COUNT };
#endif
	return n;
}

/* Copies all tables; false if there is no memory. */
static bool snapshot_take(void)
{
	size_t size = 0;
	u32 i;

	snapshot.count = snapshot_list(snapshot.tables);
	for (i = 0; i < snapshot.count; i++)
		size += snapshot.tables[i].size * snapshot.tables[i].count;
	if (size > snapshot.cap) {
		free(snapshot.bytes);
		snapshot.cap = size + size / 2;
		snapshot.bytes = malloc(snapshot.cap);
		if (!snapshot.bytes) {
			snapshot.cap = 0;
			return false;
		}
	}
	for (i = 0, size = 0; i < snapshot.count; i++) {
		const struct snapshot_table *table = &snapshot.tables[i];

		if (table->count)
			memcpy(snapshot.bytes + size, table->rows, table->size * table->count);
		size += table->size * table->count;
	}
	snapshot.copied += size;
	return true;
}

/* Names the first difference of a row. */
static bool snapshot_report(const struct snapshot_table *table, u32 row, const u8 *was, const u8 *is)
{
	u32 byte = 0;

	if (!strcmp(table->name, "insn_aux_data"))
		return rows_are_equal(&insn_aux_data_rows, row, was, is);
	if (!strcmp(table->name, "subprog_info") && row < adapter.env->subprog_cnt &&
	    !rows_are_equal(&subprog_info_rows, row, was, is))
		return false;
	while (byte < table->size - 1 && was[byte] == is[byte])
		byte++;
	return report_stale(table->name, "%s[%u], byte %u, must be 0x%02x and is 0x%02x", table->name, row, byte,
			    was[byte], is[byte]);
}

static bool snapshot_compare(const struct snapshot_table *was, const struct snapshot_table *is, const u8 *bytes)
{
	u32 row;

	if (was->count != is->count)
		return report_stale(was->name, "%s must have %u rows and has %u", was->name, was->count, is->count);
	if (!was->count || !memcmp(bytes, is->rows, was->size * was->count))
		return true;
	for (row = 0; row < was->count; row++, bytes += was->size) {
		const u8 *now = (const u8 *)is->rows + row * was->size;

		/* padding may differ */
		if (memcmp(bytes, now, was->size) && !snapshot_report(was, row, bytes, now))
			return false;
	}
	return true;
}

/* Returns true if all tables are as when the copy was taken. */
static bool snapshot_is_unchanged(void)
{
	struct snapshot_table tables[SNAPSHOT_TABLES];
	size_t offset = 0;
	u32 i;

	if (!check_program())
		return false;
	snapshot_list(tables);
	for (i = 0; i < snapshot.count; i++) {
		if (!snapshot_compare(&snapshot.tables[i], &tables[i], snapshot.bytes + offset))
			return false;
		offset += snapshot.tables[i].size * snapshot.tables[i].count;
	}
	return true;
}

#endif
