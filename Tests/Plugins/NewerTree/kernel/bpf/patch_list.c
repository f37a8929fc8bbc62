// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * An example of an interface that no kernel has: patches are collected in a
 * list and applied in a single pass over the program.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include "patch_list.h"

/* New index of a jump to each old instruction; one more for the end. */
struct bpf_patch_map {
	u32 *to;
	u32 old_len, new_len;
};

static int bpf_patch_list_grow(void **rows, u32 *cap, u32 cnt, size_t size)
{
	u32 room = max_t(u32, cnt, *cap * 2);
	void *grown;

	if (cnt <= *cap)
		return 0;
	grown = kvrealloc(*rows, array_size(room, size), GFP_KERNEL);
	if (!grown)
		return -ENOMEM;
	*rows = grown;
	*cap = room;
	return 0;
}

static int bpf_patch_list_push(struct bpf_patch_list *list, u32 off, u32 removed, const struct bpf_insn *insns, u32 len)
{
	int err;

	err = bpf_patch_list_grow((void **)&list->patches, &list->cap, list->cnt + 1, sizeof(*list->patches));
	if (!err)
		err = bpf_patch_list_grow((void **)&list->pool, &list->pool_cap, list->pool_cnt + len,
					  sizeof(*list->pool));
	if (err)
		return err;
	list->patches[list->cnt++] = (struct bpf_patch){ off, removed, len, list->pool_cnt };
	memcpy(list->pool + list->pool_cnt, insns, len * sizeof(*insns));
	list->pool_cnt += len;
	return 0;
}

/* Replaces one instruction. Offsets in the patch are those of the layout after this patch alone. */
int bpf_patch_list_add(struct bpf_patch_list *list, u32 off, const struct bpf_insn *insns, u32 len)
{
	return bpf_patch_list_push(list, off, 1, insns, len);
}

int bpf_patch_list_remove(struct bpf_patch_list *list, u32 off, u32 cnt)
{
	return bpf_patch_list_push(list, off, cnt, NULL, 0);
}

void bpf_patch_list_free(struct bpf_patch_list *list)
{
	kvfree(list->patches);
	kvfree(list->pool);
}

static int bpf_patch_map_make(struct bpf_patch_map *map, const struct bpf_patch_list *list, u32 len)
{
	u32 i, at = 0, new = 0;

	map->to = kvmalloc_array(len + 1, sizeof(*map->to), GFP_KERNEL);
	if (!map->to)
		return -ENOMEM;
	for (i = 0; i < list->cnt; i++) {
		const struct bpf_patch *patch = &list->patches[i];

		while (at < patch->off)
			map->to[at++] = new++;
		while (at < patch->off + patch->removed)
			map->to[at++] = new;
		new += patch->len;
	}
	while (at <= len)
		map->to[at++] = new++;
	map->old_len = len;
	map->new_len = new - 1;
	return 0;
}

static bool bpf_has_imm_target(const struct bpf_insn *insn)
{
	if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
		return insn->src_reg == BPF_PSEUDO_FUNC;
	if (insn->code == (BPF_JMP | BPF_CALL))
		return insn->src_reg == BPF_PSEUDO_CALL;
	return insn->code == (BPF_JMP32 | BPF_JA);
}

static bool bpf_has_off_target(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT &&
	       insn->code != (BPF_JMP32 | BPF_JA);
}

/*
 * Gives the instruction at new index `at` a new offset. `old` is its index in
 * the layout of its offset, in which a patch of `len` replaces instruction `off`.
 */
static int bpf_move_target(struct bpf_insn *insn, const struct bpf_patch_map *map, u32 at, u32 old, u32 off, u32 len)
{
	bool is_imm = bpf_has_imm_target(insn);
	s64 target;

	if (!is_imm && !bpf_has_off_target(insn))
		return 0;
	target = (s64)old + 1 + (is_imm ? insn->imm : insn->off);
	/* a jump inside the patch keeps its offset */
	if (len && target >= off && target < (s64)off + len)
		return 0;
	if (len && target >= off)
		target -= len - 1;
	target = (s64)map->to[target] - at - 1;
	if (!is_imm && target != (s16)target)
		return -ERANGE;
	if (is_imm)
		insn->imm = target;
	else
		insn->off = target;
	return 0;
}

static int bpf_write_insns(struct bpf_insn *insns, const struct bpf_prog *prog, const struct bpf_patch_list *list,
			   const struct bpf_patch_map *map)
{
	u32 i, k, at = 0, old = 0;
	int err = 0;

	for (i = 0; i <= list->cnt && !err; i++) {
		const struct bpf_patch *patch = &list->patches[i];
		u32 end = i < list->cnt ? patch->off : prog->len;

		for (; old < end && !err; old++, at++) {
			insns[at] = prog->insnsi[old];
			err = bpf_move_target(&insns[at], map, at, old, 0, 0);
		}
		if (i == list->cnt)
			break;
		for (k = 0; k < patch->len && !err; k++, at++) {
			insns[at] = list->pool[patch->first + k];
			err = bpf_move_target(&insns[at], map, at, patch->off + k, patch->off, patch->len);
		}
		old = patch->off + patch->removed;
	}
	return err;
}

static void bpf_mark_patch(struct bpf_insn_aux_data *rows, const struct bpf_insn_aux_data *old,
			   const struct bpf_insn *patch, u32 len, const struct bpf_insn *insn);

static void bpf_write_aux(struct bpf_insn_aux_data *rows, const struct bpf_insn_aux_data *aux, u32 len,
			  const struct bpf_patch_list *list, const struct bpf_insn *insns)
{
	u32 i, k, at = 0, old = 0;

	for (i = 0; i <= list->cnt; i++) {
		const struct bpf_patch *patch = &list->patches[i];
		u32 end = i < list->cnt ? patch->off : len;

		memcpy(rows + at, aux + old, (end - old) * sizeof(*rows));
		at += end - old;
		if (i == list->cnt)
			break;
		for (k = 0; k + 1 < patch->len; k++)
			rows[at + k].seen = aux[patch->off].seen;
		if (patch->len)
			rows[at + patch->len - 1] = aux[patch->off];
		bpf_mark_patch(rows + at, &aux[patch->off], list->pool + patch->first, patch->len, &insns[patch->off]);
		at += patch->len;
		old = patch->off + patch->removed;
	}
}

static bool bpf_is_32_bit(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code), mode = insn->code & 0xe0;
	bool is_double = (insn->code & 0x18) == 0x18;

	if (class == 0x04)
		return (insn->code & 0xf0) != 0xd0 || insn->imm != 64;
	if (class == 0x03)
		return mode == 0xc0 && insn->imm & 1 && !is_double;
	return class == BPF_LD ? mode : class == 0x01 && !is_double;
}

static void bpf_mark_patch(struct bpf_insn_aux_data *rows, const struct bpf_insn_aux_data *old,
			   const struct bpf_insn *patch, u32 len, const struct bpf_insn *insn)
{
	bool is_found = false;
	u32 k;

	for (k = 0; k < len; k++) {
		u8 class = BPF_CLASS(patch[k].code);

		rows[k].zext_dst = bpf_is_32_bit(&patch[k]);
		rows[k].indirect_target = !k && old->indirect_target;
		if (!is_found && !memcmp(&patch[k], insn, sizeof(*insn))) {
			rows[k].non_stack_access = old->non_stack_access;
			is_found = true;
		} else {
			rows[k].non_stack_access = class >= 0x01 && class <= 0x03;
		}
	}
}

static bool bpf_is_gone(const struct bpf_patch_map *map, u32 off)
{
	return map->to[off] == map->to[off + 1];
}

static void bpf_move_pads(struct bpf_insn_aux_data *rows, const struct bpf_patch_map *map)
{
	u32 i;

	for (i = 0; i < map->new_len; i++)
		if (rows[i].cleanup_pad)
			rows[i].cleanup_pad = bpf_is_gone(map, rows[i].cleanup_pad - 1) ?
				0 : map->to[rows[i].cleanup_pad - 1] + 1;
}

static void bpf_move_tables(struct bpf_verifier_env *env, const struct bpf_patch_map *map)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	u32 i, k;

	for (i = 0; i < aux->size_poke_tab; i++)
		aux->poke_tab[i].insn_idx = map->to[aux->poke_tab[i].insn_idx];
	for (i = 0; i < env->insn_array_map_cnt; i++) {
		struct bpf_insn_array *array = container_of(env->insn_array_maps[i], struct bpf_insn_array, map);

		for (k = 0; k < array->map.max_entries; k++) {
			u32 *off = &array->values[k].xlated_off;

			if (*off != (u32)-1)
				*off = bpf_is_gone(map, *off) ? (u32)-1 : map->to[*off];
		}
	}
	for (i = 0; i < env->func_ptrs_cnt; i++) {
		u32 *func = &env->func_ptrs[i].xlated_off;

		if (*func != (u32)-1)
			*func = bpf_is_gone(map, *func) ? (u32)-1 : map->to[*func];
	}
	for (i = 0; i < map->old_len; i++)
		if (bpf_is_gone(map, i))
			kvfree(env->insn_aux_data[i].jt);
	env->insn_aux_data_len = map->new_len;
}

static void bpf_move_subprogs(struct bpf_verifier_env *env, const struct bpf_patch_map *map)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	u32 i, kept = 0;

	for (i = 0; i < env->subprog_cnt; i++) {
		u32 start = map->to[env->subprog_info[i].start];

		/* nothing of the subprogram is left */
		if (start == map->to[env->subprog_info[i + 1].start])
			continue;
		env->subprog_info[kept] = env->subprog_info[i];
		env->subprog_info[kept].start = start;
		aux->func_info[kept] = aux->func_info[i];
		aux->func_info_aux[kept] = aux->func_info_aux[i];
		kept++;
	}
	env->subprog_info[kept].start = map->new_len;
	env->subprog_cnt = kept;
	aux->func_info_cnt = kept;
}

static void bpf_move_lines(struct bpf_verifier_env *env, const struct bpf_patch_map *map)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	u32 i, kept = 0, line = 0;

	for (i = 0; i < aux->nr_linfo; i++) {
		u32 off = map->to[aux->linfo[i].insn_off];

		if (off == map->new_len)
			break;
		/* of the lines that reach one instruction, the last stays */
		if (kept && aux->linfo[kept - 1].insn_off == off)
			kept--;
		aux->linfo[kept] = aux->linfo[i];
		aux->linfo[kept++].insn_off = off;
	}
	aux->nr_linfo = kept;
	for (i = 0; i < env->subprog_cnt; i++) {
		while (line < kept && aux->linfo[line].insn_off < env->subprog_info[i].start)
			line++;
		env->subprog_info[i].linfo_idx = line;
	}
}

/* Applies all patches. After an error, nothing has changed. */
int bpf_patch_list_apply(struct bpf_verifier_env *env, const struct bpf_patch_list *list)
{
	struct bpf_prog *prog, *old = env->prog;
	struct bpf_insn_aux_data *rows = NULL;
	struct bpf_patch_map map;
	size_t size;
	int err;

	err = bpf_patch_map_make(&map, list, old->len);
	if (err)
		return err;
	size = round_up(offsetof(struct bpf_prog, insnsi) + map.new_len * sizeof(struct bpf_insn), PAGE_SIZE);
	prog = vzalloc(size);
	if (prog)
		rows = vzalloc(array_size(map.new_len, sizeof(*rows)));
	err = rows ? bpf_write_insns(prog->insnsi, old, list, &map) : -ENOMEM;
	if (err) {
		vfree(prog);
		vfree(rows);
		goto out;
	}
	prog->pages = size / PAGE_SIZE;
	prog->len = map.new_len;
	prog->aux = old->aux;
	prog->aux->prog = prog;
	bpf_write_aux(rows, env->insn_aux_data, old->len, list, old->insnsi);
	bpf_move_pads(rows, &map);
	bpf_move_tables(env, &map);
	bpf_move_subprogs(env, &map);
	env->prog = prog;
	bpf_move_lines(env, &map);
	vfree(env->insn_aux_data);
	env->insn_aux_data = rows;
	vfree(old);
out:
	kvfree(map.to);
	return err;
}
