// SPDX-License-Identifier: BSD-2-Clause
/*
 * One sweep writes the result, records the landing of each slot of the input,
 * and lists jumps and calls. A second loop over the list writes their offsets,
 * block by block while their memory is still in the cache.
 *
 * Built at -O2, SwiftPM's level for C in release builds (see
 * `swift build -c release -v`).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "index_map.h"
#include "instruction.h"
#include "lines.h"

_Static_assert(sizeof(struct index_map_edit) == 32, "edit");

#define NOTHING ((__u32)-1)
/* The number of edits after which offsets are written. */
#define BLOCK 4096
/* The number of edits of a long pass. */
#define LONG 64

#define NOINLINE __attribute__((noinline))
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* The state of the sweep. */
struct sweep {
	const struct index_map_pass *pass;
	const struct bpf_patcher_image *in;
	const word *insns;
	const __u32 *aux;
	word *out_insns;
	__u32 *out_aux;
	__u32 *landings;
	struct index_map_jump *jump;  /* after the last listed jump */
	struct index_map_jump *fixed; /* after the last jump with a written offset */
	struct index_map_skip *skips;
	size_t skip_cnt;
	size_t at;         /* the next slot of the result */
	__u32 home;        /* the subprogram of the last queried slot */
	__u32 run_end;     /* the end of the last adjacent deletions */
	__u32 run_landing; /* and the landing of jumps to them, if it is in their subprogram */
	bool dangling;
	bool beyond;
};

/* Copies the input from `from` up to `to`. */
static ALWAYS_INLINE void copy(struct sweep *s, size_t from, size_t to)
{
	const word *insns = s->insns;
	const __u32 *aux = s->aux;
	word *out_insns = s->out_insns;
	__u32 *out_aux = s->out_aux, *landings = s->landings;
	struct index_map_jump *jump = s->jump;
	size_t at = s->at;

	for (; from < to; from++, at++) {
		word insn = insns[from];

		out_insns[at] = insn;
		out_aux[at] = aux[from];
		landings[from] = at;
		/* Written unconditionally, kept if it is a jump: the branch would be unpredictable. */
		*jump = (struct index_map_jump){at, from};
		jump += counts(insn);
	}
	s->jump = jump;
	s->at = at;
}

/* The end of the subprogram of a slot; slots are queried in increasing order. */
static __u32 home_end(struct sweep *s, __u32 slot)
{
	const struct bpf_patcher_image *in = s->in;

	while (s->home + 1 < in->subprog_cnt && in->subprogs[s->home + 1].start <= slot)
		s->home++;
	return s->home + 1 < in->subprog_cnt ? in->subprogs[s->home + 1].start : in->insn_cnt;
}

/* Lists the jumps and calls of a patch at `first` of the result that target slots of the input. */
static NOINLINE struct index_map_jump *list_jumps(struct sweep *s, const struct index_map_edit *edit, size_t first,
						  struct index_map_jump *jump)
{
	const word *patch = (const word *)s->pass->patches + edit->patch_start;
	const struct bpf_patcher_ref *refs = s->pass->refs + edit->ref_start;
	__u32 end = home_end(s, edit->off), start = s->in->subprogs[s->home].start;

	for (__u32 slot = 0; slot < edit->patch_cnt; slot++) {
		word insn = patch[slot];
		__u32 offset, target, ref = 0;

		if (!counts(insn) || (edit->keep != BPF_PATCHER_NONE && slot - edit->keep < edit->remove))
			continue;
		offset = offset_of(insn);
		while (ref < edit->ref_cnt && refs[ref].from != slot)
			ref++;
		if (ref < edit->ref_cnt)
			target = refs[ref].to;
		else if (slot + 1 + offset == edit->patch_cnt && (edit->remove || edit->off == s->in->insn_cnt))
			target = edit->off + edit->remove;
		else
			continue; /* Within the patch, or to the slot after an insertion: unchanged. */
		/* The ref of a call always names a start. */
		if (!is_call(insn) &&
		    (target < start || target >= end ||
		     (target && (unsigned char)s->insns[target - 1] == (BPF_LD | BPF_IMM | BPF_DW)))) {
			s->dangling = true;
			continue;
		}
		*jump++ = (struct index_map_jump){first + slot, target - 1 - offset};
	}
	return jump;
}

/* Finds the slot after adjacent deletions that begin with this one; they have one landing. */
static void measure_run(struct sweep *s, const struct index_map_edit *edit)
{
	const struct index_map_edit *last = s->pass->edits + s->pass->edit_cnt;

	s->run_landing = s->at;
	do
		s->run_end = edit->off + edit->remove;
	while (++edit < last && edit->off == s->run_end && !edit->patch_cnt);
	if (edit < last && edit->off == s->run_end && edit->skip)
		s->run_landing += edit->patch_cnt;
}

/* Jumps to a deleted range land on the next slot of the same subprogram. */
static NOINLINE void delete(struct sweep *s, const struct index_map_edit *edit)
{
	__u32 slot = edit->off, end = slot + edit->remove;

	if (slot >= s->run_end)
		measure_run(s, edit);
	while (slot < end) {
		__u32 stop = home_end(s, slot);
		__u32 landing = s->run_end < stop ? s->run_landing : NOTHING;

		for (stop = stop < end ? stop : end; slot < stop; slot++)
			s->landings[slot] = landing;
	}
}

/* The landing of a call whose jumps land at `landing`: before code that only jumps skip. */
static NOINLINE __u32 call_landing(const struct sweep *s, __u32 landing)
{
	size_t low = 0, high = s->skip_cnt;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->skips[middle].landing < landing)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->skip_cnt && s->skips[low].landing == landing ? landing - s->skips[low].cnt : landing;
}

/* Writes the offsets of listed jumps and calls, up to the first that targets `limit` or a later slot. */
static ALWAYS_INLINE void fix_jumps(struct sweep *s, size_t limit)
{
	struct index_map_jump *jump = s->fixed;
	bool dangling = s->dangling, beyond = s->beyond;

	for (; jump < s->jump; jump++) {
		word insn = s->out_insns[jump->at];
		unsigned int shift = above[(unsigned char)insn], others = 32 + shift / 2;
		__u32 target = jump->from + 1 + (__u32)((__s64)(insn << shift) >> others), landing;
		__s64 offset;

		if (target >= limit)
			break;
		landing = s->landings[target];
		if (unlikely(s->skip_cnt) && is_call(insn))
			landing = call_landing(s, landing);
		dangling |= landing == NOTHING;
		offset = (__s64)landing - jump->at - 1;
		beyond |= (__s64)((__u64)offset << others) >> others != offset;
		insn &= ~(~0ull << others >> shift);
		s->out_insns[jump->at] = insn | (__u64)offset << others >> shift;
	}
	s->fixed = jump;
	s->dangling = dangling;
	s->beyond = beyond;
}

/*
 * Lays out adjacent edits that each keep the slot they replace, as in long
 * passes; returns the first other edit.
 */
static NOINLINE const struct index_map_edit *lay_out_kept(struct sweep *s, const struct index_map_edit *first,
							  const struct index_map_edit *stop, size_t *from)
{
	const word *insns = s->insns, *patches = (const word *)s->pass->patches;
	const __u32 *aux = s->aux;
	word *out_insns = s->out_insns;
	__u32 *out_aux = s->out_aux, *landings = s->landings;
	struct index_map_jump *jump = s->jump;
	const struct index_map_edit *edit = first;
	size_t off = *from, at = s->at;
	pair seen = {0};

	for (; edit < stop; edit++, off++) {
		size_t kept = at + edit->keep;
		word insn;

		if (edit->off != off || edit->remove != 1 || edit->keep >= edit->patch_cnt || edit->ref_cnt)
			break;
		/* Not earlier: an append has no slot of the input. */
		insn = insns[off];
		seen |= copy_patch(out_insns + at, out_aux + at, patches + edit->patch_start, edit->patch_cnt);
		out_insns[kept] = insn;
		out_aux[kept] = aux[off];
		landings[off] = at;
		*jump = (struct index_map_jump){kept, off};
		jump += counts(insn);
		at += edit->patch_cnt;
	}
	if (may_jump(seen))
		for (const struct index_map_edit *row = first; row < edit; row++)
			jump = list_jumps(s, row, landings[row->off], jump);
	s->jump = jump;
	s->at = at;
	*from = off;
	return edit;
}

/* Lays out an edit with a patch; returns the slot of the input to continue with. */
static ALWAYS_INLINE size_t lay_out(struct sweep *s, const struct index_map_edit *edit)
{
	size_t off = edit->off, end = off + edit->remove, first = s->at, cnt = edit->patch_cnt;
	pair seen = copy_patch(s->out_insns + first, s->out_aux + first,
			       (const word *)s->pass->patches + edit->patch_start, cnt);

	if (may_jump(seen) || edit->ref_cnt)
		s->jump = list_jumps(s, edit, first, s->jump);
	s->at = first + cnt;
	if (end > off) {
		s->landings[off] = first;
		for (size_t slot = off + 1; slot < end; slot++)
			s->landings[slot] = NOTHING;
		if (edit->keep == BPF_PATCHER_NONE) {
			s->out_aux[first + cnt - 1] = s->aux[off];
			return end;
		}
		for (size_t slot = 0; slot < end - off; slot++) {
			s->out_insns[first + edit->keep + slot] = s->insns[off + slot];
			s->out_aux[first + edit->keep + slot] = s->aux[off + slot];
		}
		*s->jump = (struct index_map_jump){first + edit->keep, off};
		s->jump += counts(s->insns[off]);
		return end;
	}
	if (off == s->in->insn_cnt)
		return end;
	/* An insertion is followed by the slot that it was inserted before. */
	copy(s, off, off + 1);
	if (edit->skip)
		s->skips[s->skip_cnt++] = (struct index_map_skip){s->at - 1, cnt};
	else
		s->landings[off] = first;
	return off + 1;
}

static ALWAYS_INLINE void sweep_all(struct sweep *s)
{
	const struct index_map_edit *edit = s->pass->edits, *last = edit + s->pass->edit_cnt;
	bool is_long = s->pass->edit_cnt >= LONG;
	size_t from = 0;

	for (;;) {
		const struct index_map_edit *stop = last - edit > BLOCK ? edit + BLOCK : last;

		while (edit < stop) {
			copy(s, from, edit->off);
			from = edit->off;
			if (is_long) {
				const struct index_map_edit *next = lay_out_kept(s, edit, stop, &from);

				if (next > edit) {
					edit = next;
					continue;
				}
			}
			if (edit->patch_cnt) {
				from = lay_out(s, edit);
			} else {
				delete(s, edit);
				from += edit->remove;
			}
			edit++;
		}
		if (edit == last)
			break;
		fix_jumps(s, from);
	}
	copy(s, from, s->in->insn_cnt);
	fix_jumps(s, s->in->insn_cnt);
}

/* Writes the starts of subprograms; empty ones are dropped. */
static __u32 move_subprogs(const struct sweep *s, struct bpf_patcher_subprog *out)
{
	__u32 cnt = 0;

	for (__u32 number = 0; number < s->in->subprog_cnt; number++) {
		__u32 landing = s->landings[s->in->subprogs[number].start];

		if (landing == NOTHING)
			continue;
		if (unlikely(s->skip_cnt))
			landing = call_landing(s, landing);
		out[cnt++] = (struct bpf_patcher_subprog){landing, s->in->subprogs[number].id};
	}
	return cnt;
}

/* Makes room for `count` elements; the old content is lost. */
static int reserve(void *row, size_t *cap, size_t count, size_t size)
{
	void **memory = row;

	if (count <= *cap)
		return 0;
	free(*memory);
	*cap = 0;
	*memory = malloc(count * size);
	if (!*memory)
		return -ENOMEM;
	*cap = count;
	return 0;
}

int index_map_apply(struct index_map *map, const struct index_map_pass *pass, const struct bpf_patcher_image *in,
		    struct bpf_patcher_image *out)
{
	const struct index_map_edit *last = pass->edits + pass->edit_cnt - 1;
	/* The patches in the pool have the order of their edits. */
	size_t patch_slots = pass->edit_cnt ? (size_t)last->patch_start + last->patch_cnt : 0;
	size_t room = (size_t)in->insn_cnt + patch_slots;
	struct sweep s;

	if (out->insn_cap < room)
		return -ENOSPC;
	/* A list has one row more than it needs. */
	if (reserve(&map->landings, &map->landing_cap, in->insn_cnt, sizeof(*map->landings)) ||
	    reserve(&map->jumps, &map->jump_cap, room + 1, sizeof(*map->jumps)) ||
	    reserve(&map->skips, &map->skip_cap, pass->edit_cnt, sizeof(*map->skips)))
		return -ENOMEM;
	s = (struct sweep){
		.pass = pass, .in = in, .insns = (const word *)in->insns, .aux = in->aux,
		.out_insns = (word *)out->insns, .out_aux = out->aux, .landings = map->landings,
		.jump = map->jumps, .fixed = map->jumps, .skips = map->skips,
	};
	sweep_all(&s);
	if (s.dangling)
		return -EINVAL;
	out->insn_cnt = s.at;
	out->subprog_cnt = move_subprogs(&s, out->subprogs);
	if (!out->insn_cnt || !out->subprog_cnt)
		return -EINVAL;
	if (s.beyond)
		return -ERANGE;
	out->line_cnt = in->line_cnt ? index_map_move_lines(pass, in, out->lines) : 0;
	return 0;
}

void index_map_free(struct index_map *map)
{
	free(map->landings);
	free(map->jumps);
	free(map->skips);
	*map = (struct index_map){0};
}
