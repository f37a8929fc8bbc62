// SPDX-License-Identifier: BSD-2-Clause
/*
 * One sweep writes the result and notes for each slot of the input where jumps
 * to it land; jumps are listed on the way. A second loop, over the list alone,
 * writes their offsets.
 *
 * Built at -O2, which is what SwiftPM gives C in release builds (looked at with
 * `swift build -c release -v`).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "index_map.h"

_Static_assert(sizeof(struct bpf_insn) == 8, "insn");
_Static_assert(sizeof(struct index_map_edit) == 32, "edit");

#define NOTHING ((__u32)-1)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* What an instruction's code says about offsets in it. */
enum kind {
	NONE,
	NEAR, /* a jump, offset in off */
	LONG, /* a jump, offset in imm */
	CALL, /* a call to a subprogram if src_reg says so */
	LOAD, /* a wide load, of a subprogram's address if src_reg says so */
};

#define JUMP(op) [(op) | 0x05] = NEAR, [(op) | 0x06] = NEAR, [(op) | 0x0d] = NEAR, [(op) | 0x0e] = NEAR

static const unsigned char kinds[256] = {
	[0x05] = NEAR, [0x06] = LONG, [0x0e] = NEAR, /* 0x0d is gotox */
	JUMP(0x10), JUMP(0x20), JUMP(0x30), JUMP(0x40), JUMP(0x50), JUMP(0x60), JUMP(0x70),
	JUMP(0xa0), JUMP(0xb0), JUMP(0xc0), JUMP(0xd0), JUMP(0xe0), JUMP(0xf0),
	[0x85] = CALL, [0x18] = LOAD,
};

/* Where the sweep is among subprograms and deletions; looked at only where one begins or ends. */
struct homes {
	const struct bpf_patcher_image *in;
	struct bpf_patcher_subprog *out_subprogs;
	__u32 *landings;
	__u32 *places;
	struct index_map_jump *far; /* behind the last one listed */
	__u32 number; /* the subprogram at the cursor */
	__u32 end;
	__u32 standing; /* how many subprograms of the result stand */
	__u32 open;     /* where deleted slots begin for which nothing stands yet, or NOTHING */
	__u32 closed;   /* where those began that attend() has closed */
};

/* The hot part of the sweep, in registers. */
struct sweep {
	const struct bpf_insn *insns;
	const __u32 *aux;
	struct bpf_insn *out_insns;
	__u32 *out_aux;
	__u32 *landings;
	struct index_map_jump *near; /* behind the last one listed */
	size_t cursor;               /* the next slot of the input */
	size_t at;                   /* the next slot of the result */
	size_t limit; /* up to here the subprogram stands and nothing is open; 0 to look at it first */
};

/* Gives slots of the input in a row one landing. */
static NOINLINE void land(__u32 *landings, size_t count, __u32 landing)
{
	for (size_t slot = 0; slot < count; slot++)
		landings[slot] = landing;
}

/* What was deleted in front of `cursor` lands on `landing`. */
static void close_open(struct homes *homes, __u32 cursor, __u32 landing)
{
	homes->closed = cursor;
	if (homes->open == NOTHING)
		return;
	homes->closed = homes->open;
	land(&homes->landings[homes->open], cursor - homes->open, landing);
	homes->open = NOTHING;
}

/* Goes on into the subprogram at the cursor; nothing will stand for what was deleted at the end of the one before. */
static void enter_home(struct homes *homes)
{
	const struct bpf_patcher_image *in = homes->in;

	close_open(homes, homes->end, NOTHING);
	homes->number++;
	homes->end = homes->number + 1 < in->subprog_cnt ? in->subprogs[homes->number + 1].start : in->insn_cnt;
}

/* Something of the subprogram at the cursor will stand at `at`; gives the end of that subprogram. */
static NOINLINE __u32 attend(struct homes *homes, __u32 cursor, __u32 at)
{
	if (cursor == homes->in->insn_cnt)
		return 0; /* An append belongs to none. */
	if (cursor == homes->end)
		enter_home(homes);
	close_open(homes, cursor, at);
	if (homes->places[homes->number] == NOTHING) {
		homes->places[homes->number] = at;
		homes->out_subprogs[homes->standing].start = at;
		homes->out_subprogs[homes->standing++].id = homes->in->subprogs[homes->number].id;
	}
	return homes->end;
}

/* Deletes [cursor, end); what comes next in each subprogram will stand for what was in it. */
static NOINLINE void delete(struct homes *homes, __u32 cursor, __u32 end)
{
	if (cursor == homes->end)
		enter_home(homes);
	if (homes->open == NOTHING)
		homes->open = cursor;
	while (end > homes->end) {
		__u32 start = homes->end;

		enter_home(homes);
		homes->open = start;
	}
}

/* Whether a jump of a patch at the cursor may reach for a slot of the input. */
static bool is_home(const struct homes *homes, __u32 slot)
{
	return slot >= homes->in->subprogs[homes->number].start && slot < homes->end &&
	       (slot == 0 || kinds[homes->in->insns[slot - 1].code] != LOAD);
}

/* Copies the slot of the input at the cursor. */
static ALWAYS_INLINE void copy_slot(struct sweep *s, struct homes *homes)
{
	const struct bpf_insn *insn = &s->insns[s->cursor];
	unsigned int kind = kinds[insn->code];
	size_t behind = s->cursor + 1;

	s->out_insns[s->at] = *insn;
	s->out_aux[s->at] = s->aux[s->cursor];
	s->landings[s->cursor] = s->at;
	/* Written in any case: whether it is a jump is hard to foresee. */
	*s->near = (struct index_map_jump){s->at, behind + insn->off};
	s->near += kind == NEAR;
	if (unlikely(kind > NEAR) &&
	    (kind == LONG || insn->src_reg == (kind == CALL ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC)))
		*homes->far++ = (struct index_map_jump){s->at, behind + insn->imm};
	s->cursor = behind;
	s->at++;
}

static ALWAYS_INLINE void copy_gap(struct sweep *s, struct homes *homes, size_t end)
{
	while (s->cursor < end) {
		size_t stop;

		if (unlikely(s->cursor >= s->limit))
			s->limit = attend(homes, s->cursor, s->at);
		stop = end < s->limit ? end : s->limit;
		do
			copy_slot(s, homes);
		while (s->cursor < stop);
	}
}

/* What a jump of a patch reaches for, or NOTHING when its offset is as written. */
static inline __u32 patch_target(const struct homes *homes, const struct index_map_edit *edit,
				   const struct index_map_pass *pass, __u32 slot)
{
	const struct bpf_patcher_ref *refs = pass->refs + edit->ref_start;
	const struct bpf_insn *insn = &pass->patches[edit->patch_start + slot];
	__u32 end = edit->off + edit->remove, count = homes->in->insn_cnt;
	unsigned int kind = kinds[insn->code];

	for (__u32 r = 0; r < edit->ref_cnt; r++)
		if (refs[r].from == slot)
			/* A call's ref is known to name a start. Nothing stands for the index behind the program. */
			return kind > LONG || is_home(homes, refs[r].to) ? refs[r].to : count;
	/* Behind an insertion stands what it leaves to. */
	if (kind > LONG || slot + 1 + (kind == NEAR ? insn->off : insn->imm) != edit->patch_cnt ||
	    (!edit->remove && edit->off < count))
		return NOTHING;
	return end < homes->end ? end : count;
}

/* Lists the jumps of a patch that stands at `start`; gives the end of the list of those with 16-bit offsets. */
static NOINLINE struct index_map_jump *list_patch_jumps(struct homes *homes, const struct index_map_edit *edit,
							const struct index_map_pass *pass, __u32 start,
							struct index_map_jump *near)
{
	const struct bpf_insn *patch = pass->patches + edit->patch_start;

	for (__u32 slot = 0; slot < edit->patch_cnt; slot++) {
		unsigned int kind = kinds[patch[slot].code];
		__u32 target;

		if (kind == NONE || (edit->keep != BPF_PATCHER_NONE && slot - edit->keep < edit->remove))
			continue;
		target = patch_target(homes, edit, pass, slot);
		if (target == NOTHING)
			continue;
		if (kind == NEAR)
			*near++ = (struct index_map_jump){start + slot, target};
		else
			*homes->far++ = (struct index_map_jump){start + slot, target};
	}
	return near;
}

/* Writes the offsets of the jumps listed; -EINVAL if for one nothing stands, -ERANGE if one does not fit. */
static int point_near(const struct index_map_jump *jump, const struct index_map_jump *end, const __u32 *landings,
		      struct bpf_insn *insns)
{
	__u32 beyond = 0;
	bool dangling = false;

	for (; jump < end; jump++) {
		__u32 landing = landings[jump->to];
		__u32 offset = landing - jump->from - 1;

		insns[jump->from].off = (__s16)offset;
		beyond |= (offset + 0x8000) >> 16;
		dangling |= landing == NOTHING;
	}
	return dangling ? -EINVAL : beyond ? -ERANGE : 0;
}

static int point_far(const struct index_map *map, const struct index_map_jump *end, const struct bpf_patcher_image *in,
		     struct bpf_insn *insns)
{
	for (const struct index_map_jump *jump = map->far; jump < end; jump++) {
		struct bpf_insn *insn = &insns[jump->from];
		__u32 landing;

		if (kinds[insn->code] == LONG) {
			landing = map->landings[jump->to];
		} else {
			/* Where a subprogram starts, a call enters what jumps may skip. */
			__u32 low = 0, high = in->subprog_cnt;

			while (high - low > 1) {
				__u32 middle = (low + high) / 2;

				if (in->subprogs[middle].start <= jump->to)
					low = middle;
				else
					high = middle;
			}
			landing = map->places[low];
		}
		if (landing == NOTHING)
			return -EINVAL;
		insn->imm = landing - jump->from - 1;
	}
	return 0;
}

/* Line records behind a pass, edit by edit; an edit never moves a record in front of it. */
static __u32 move_lines(const struct index_map_pass *pass, const struct bpf_patcher_image *in,
			struct bpf_patcher_line *out)
{
	const struct bpf_patcher_line *line = in->lines, *end = line + in->line_cnt;
	const struct bpf_patcher_line *start_out = out;
	/* What a deletion left to the slot behind it. */
	struct bpf_patcher_line heir = {NOTHING, 0};
	__u32 shift = 0;

	for (const struct index_map_edit *edit = pass->edits; edit < pass->edits + pass->edit_cnt; edit++) {
		/* A record at the first slot of a patch stays with the patch. */
		__u32 stay = edit->off + (edit->patch_cnt > 0), behind = edit->off + edit->remove;
		bool is_dropped = false;

		if (heir.insn_off < stay) {
			*out++ = (struct bpf_patcher_line){heir.insn_off + shift, heir.id};
			heir.insn_off = NOTHING;
		} else if (heir.insn_off != NOTHING) {
			/* Edits start behind the end of the one before, so this one starts right at the heir. */
			is_dropped = true;
		}
		for (; line < end && line->insn_off < stay; line++)
			*out++ = (struct bpf_patcher_line){line->insn_off + shift, line->id};
		for (; line < end && line->insn_off < behind; line++) {
			heir.id = line->id;
			is_dropped = true;
		}
		if (is_dropped)
			heir.insn_off = behind < in->insn_cnt && (line == end || line->insn_off != behind) ? behind : NOTHING;
		shift += edit->patch_cnt - edit->remove;
	}
	if (heir.insn_off != NOTHING)
		*out++ = (struct bpf_patcher_line){heir.insn_off + shift, heir.id};
	for (; line < end; line++)
		*out++ = (struct bpf_patcher_line){line->insn_off + shift, line->id};
	return out - start_out;
}

/* Makes room for `count` elements; what was in them is gone. */
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
	size_t jump_cap = (size_t)out->insn_cap + 1;
	long room = (long)out->insn_cap - in->insn_cnt;
	struct homes homes;
	struct sweep s;
	int status;

	if (reserve(&map->landings, &map->landing_cap, (size_t)in->insn_cnt + 1, sizeof(*map->landings)) ||
	    reserve(&map->places, &map->place_cap, in->subprog_cnt, sizeof(*map->places)) ||
	    reserve(&map->near, &map->near_cap, jump_cap, sizeof(*map->near)) ||
	    reserve(&map->far, &map->far_cap, jump_cap, sizeof(*map->far)))
		return -ENOMEM;
	for (__u32 number = 0; number < in->subprog_cnt; number++)
		map->places[number] = NOTHING;
	map->landings[in->insn_cnt] = NOTHING;

	homes = (struct homes){
		.in = in, .out_subprogs = out->subprogs, .landings = map->landings, .places = map->places,
		.far = map->far, .end = in->subprog_cnt > 1 ? in->subprogs[1].start : in->insn_cnt, .open = NOTHING,
	};
	s = (struct sweep){
		.insns = in->insns, .aux = in->aux, .out_insns = out->insns, .out_aux = out->aux,
		.landings = map->landings, .near = map->near,
	};
	for (const struct index_map_edit *edit = pass->edits; edit < pass->edits + pass->edit_cnt; edit++) {
		const struct bpf_insn *patch = pass->patches + edit->patch_start;
		size_t off = edit->off, end = off + edit->remove, count = edit->patch_cnt;
		size_t start, closed;
		unsigned int seen;

		room -= count;
		if (unlikely(room < 0))
			return -ENOSPC;
		copy_gap(&s, &homes, off);
		if (!count) {
			delete(&homes, off, end);
			s.cursor = end;
			s.limit = 0;
			continue;
		}
		start = s.at;
		closed = off;
		if (unlikely(off >= s.limit)) {
			s.limit = attend(&homes, off, start);
			closed = homes.closed;
		}
		seen = NONE;
		for (size_t slot = 0; slot < count; slot++) {
			s.out_insns[start + slot] = patch[slot];
			s.out_aux[start + slot] = 0;
			seen |= kinds[patch[slot].code];
		}
		if (unlikely(seen != NONE))
			s.near = list_patch_jumps(&homes, edit, pass, start, s.near);
		s.at = start + count;
		if (end > off) {
			if (edit->keep < count) {
				s.at = start + edit->keep;
				copy_slot(&s, &homes);
				if (unlikely(s.cursor < end))
					copy_slot(&s, &homes);
				s.at = start + count;
			} else {
				s.out_aux[s.at - 1] = in->aux[off];
			}
			s.landings[off] = start;
			if (unlikely(end > off + 1))
				land(&s.landings[off + 1], end - off - 1, NOTHING);
			s.cursor = end;
		} else if (off < in->insn_cnt) {
			if (edit->skip) {
				if (unlikely(closed < off))
					land(&s.landings[closed], off - closed, s.at);
				start = s.at;
			}
			copy_slot(&s, &homes);
			s.landings[off] = start;
		}
	}
	copy_gap(&s, &homes, in->insn_cnt);
	close_open(&homes, in->insn_cnt, NOTHING);

	out->insn_cnt = s.at;
	out->subprog_cnt = homes.standing;
	if (!homes.standing)
		return -EINVAL;
	status = point_near(map->near, s.near, map->landings, out->insns);
	if (status == -EINVAL || point_far(map, homes.far, in, out->insns))
		return -EINVAL;
	if (status)
		return status;
	out->line_cnt = in->line_cnt ? move_lines(pass, in, out->lines) : 0;
	return 0;
}

void index_map_free(struct index_map *map)
{
	free(map->landings);
	free(map->places);
	free(map->near);
	free(map->far);
	*map = (struct index_map){0};
}
