// SPDX-License-Identifier: BSD-2-Clause
/*
 * One sweep writes the result and notes for each slot of the input where jumps
 * to it land; jumps are listed on the way. A second loop, over the list alone,
 * writes their offsets.
 *
 * Built at -O2, which is what SwiftPM gives C in release builds.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "index_map.h"

_Static_assert(sizeof(struct bpf_insn) == 8, "insn");
_Static_assert(sizeof(struct index_map_edit) == 32, "edit");

#define NOTHING ((__u32)-1)
#define likely(condition) __builtin_expect(!!(condition), 1)
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

/* The state of the sweep. */
struct sweep {
	const struct bpf_insn *insns;
	const __u32 *aux;
	struct bpf_insn *out_insns;
	__u32 *out_aux;
	__u32 *landings;
	struct index_map_jump *near; /* behind the last one listed */
	struct index_map_jump *far;
	__u32 cursor;   /* the next slot of the input */
	__u32 at;       /* the next slot of the result */
	__u32 open;     /* where deleted slots begin for which nothing stands yet, or NOTHING */
	__u32 home;     /* the subprogram at the cursor */
	__u32 home_end;
	bool is_standing; /* something of it stands */
};

/* Gives the slots [from, to) of the input one landing. */
static inline void land(struct sweep *s, __u32 from, __u32 to, __u32 landing)
{
	while (from < to)
		s->landings[from++] = landing;
}

/* What was deleted before the cursor lands on what comes next in the result. */
static inline void close_open(struct sweep *s, __u32 landing)
{
	if (unlikely(s->open != NOTHING)) {
		land(s, s->open, s->cursor, landing);
		s->open = NOTHING;
	}
}

/* Goes on into the next subprogram; nothing more can stand for what was deleted at the end of this one. */
static inline void enter_home(struct sweep *s, const struct bpf_patcher_image *in)
{
	close_open(s, NOTHING);
	s->home++;
	s->home_end = s->home + 1 < in->subprog_cnt ? in->subprogs[s->home + 1].start : in->insn_cnt;
	s->is_standing = false;
}

/* The next slot of the result belongs to the subprogram at the cursor. */
static inline void stand(struct sweep *s, __u32 *places, const struct bpf_patcher_image *in,
			 struct bpf_patcher_image *out)
{
	if (likely(s->is_standing))
		return;
	s->is_standing = true;
	places[s->home] = s->at;
	out->subprogs[out->subprog_cnt].start = s->at;
	out->subprogs[out->subprog_cnt++].id = in->subprogs[s->home].id;
}

/* Whether a jump of a patch at the cursor may reach for a slot of the input. */
static inline bool is_home(const struct sweep *s, const struct bpf_patcher_image *in, __u32 slot)
{
	return slot >= in->subprogs[s->home].start && slot < s->home_end &&
	       (slot == 0 || kinds[in->insns[slot - 1].code] != LOAD);
}

/* Copies the input from the cursor up to `end`. */
static inline void copy(struct sweep *s, __u32 end)
{
	__u32 i = s->cursor, at = s->at;

	for (; i < end; i++, at++) {
		struct bpf_insn insn = s->insns[i];
		unsigned int kind = kinds[insn.code];

		s->out_insns[at] = insn;
		s->out_aux[at] = s->aux[i];
		s->landings[i] = at;
		/* Written in any case: whether it is a jump is hard to foresee. */
		*s->near = (struct index_map_jump){at, i + 1 + insn.off};
		s->near += kind == NEAR;
		if (kind > NEAR && (kind == LONG || insn.src_reg == (kind == CALL ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC)))
			*s->far++ = (struct index_map_jump){at, i + 1 + insn.imm};
	}
	s->cursor = end;
	s->at = at;
}

/* Writes the slots [from, to) of a patch without refs; jumps to `exit` leave it and reach for `leave`. */
static inline void place(struct sweep *s, const struct bpf_insn *patch, __u32 from, __u32 to, __u32 exit, __u32 leave)
{
	__u32 at = s->at;

	for (__u32 i = from; i < to; i++, at++) {
		struct bpf_insn insn = patch[i];
		unsigned int kind = kinds[insn.code];

		s->out_insns[at] = insn;
		s->out_aux[at] = 0;
		*s->near = (struct index_map_jump){at, leave};
		s->near += (kind == NEAR) & (i + 1 + insn.off == exit);
		if (unlikely(kind == LONG) && i + 1 + insn.imm == exit)
			*s->far++ = (struct index_map_jump){at, leave};
	}
	s->at = at;
}

/* The same for a patch with refs. */
static void place_refs(struct sweep *s, const struct bpf_patcher_image *in, const struct index_map_edit *edit,
		       const struct index_map_pass *pass, __u32 from, __u32 to, __u32 exit, __u32 leave)
{
	const struct bpf_insn *patch = pass->patches + edit->patch_start;
	const struct bpf_patcher_ref *refs = pass->refs + edit->ref_start;

	for (__u32 i = from; i < to; i++, s->at++) {
		struct bpf_insn insn = patch[i];
		unsigned int kind = kinds[insn.code];
		__u32 target, r = 0;

		s->out_insns[s->at] = insn;
		s->out_aux[s->at] = 0;
		if (kind == NONE)
			continue;
		while (r < edit->ref_cnt && refs[r].from != i)
			r++;
		if (r < edit->ref_cnt) {
			target = refs[r].to;
			/* A call's ref is known to name a start. */
			if (kind <= LONG && !is_home(s, in, target))
				target = in->insn_cnt;
		} else if (kind <= LONG && i + 1 + (kind == NEAR ? insn.off : insn.imm) == exit) {
			target = leave;
		} else {
			continue;
		}
		if (kind == NEAR)
			*s->near++ = (struct index_map_jump){s->at, target};
		else
			*s->far++ = (struct index_map_jump){s->at, target};
	}
}

/* Writes a patch, and the kept instruction, which is at the cursor, where it stands in it. */
static inline void place_edit(struct sweep *s, const struct bpf_patcher_image *in, const struct index_map_edit *edit,
			      const struct index_map_pass *pass)
{
	const struct bpf_insn *patch = pass->patches + edit->patch_start;
	__u32 end = edit->off + edit->remove;
	__u32 keep = edit->keep < edit->patch_cnt ? edit->keep : edit->patch_cnt;
	/* Behind an insertion stands what it leaves to: such an offset is as written. */
	__u32 exit = edit->remove || edit->off == in->insn_cnt ? edit->patch_cnt : NOTHING;
	/* Nothing stands for the index behind the program, as nothing does in another subprogram. */
	__u32 leave = end < s->home_end ? end : in->insn_cnt;

	if (unlikely(edit->ref_cnt))
		place_refs(s, in, edit, pass, 0, keep, exit, leave);
	else
		place(s, patch, 0, keep, exit, leave);
	if (keep == edit->patch_cnt) {
		if (edit->remove)
			s->out_aux[s->at - 1] = in->aux[edit->off];
		return;
	}
	copy(s, end);
	if (unlikely(edit->ref_cnt))
		place_refs(s, in, edit, pass, keep + edit->remove, edit->patch_cnt, exit, leave);
	else
		place(s, patch, keep + edit->remove, edit->patch_cnt, exit, leave);
}

/* Deletes up to `end`; what comes next in each subprogram will stand for what was in it. */
static inline void delete(struct sweep *s, const struct bpf_patcher_image *in, __u32 end)
{
	if (s->cursor == s->home_end)
		enter_home(s, in);
	if (s->open == NOTHING)
		s->open = s->cursor;
	while (end > s->home_end) {
		s->cursor = s->home_end;
		enter_home(s, in);
		s->open = s->cursor;
	}
	s->cursor = end;
}

/* Copies what stands between two edits. */
static inline void copy_gap(struct sweep *s, __u32 *places, const struct bpf_patcher_image *in,
			    struct bpf_patcher_image *out, __u32 end)
{
	while (s->cursor < end) {
		if (s->cursor == s->home_end)
			enter_home(s, in);
		stand(s, places, in, out);
		close_open(s, s->at);
		copy(s, end < s->home_end ? end : s->home_end);
	}
}

static inline void apply_edit(struct sweep *s, __u32 *places, const struct bpf_patcher_image *in,
			      struct bpf_patcher_image *out, const struct index_map_edit *edit,
			      const struct index_map_pass *pass)
{
	__u32 start;

	copy_gap(s, places, in, out, edit->off);
	if (!edit->patch_cnt) {
		delete(s, in, edit->off + edit->remove);
		return;
	}
	if (unlikely(edit->off == in->insn_cnt)) {
		place_edit(s, in, edit, pass);
		return;
	}
	if (s->cursor == s->home_end)
		enter_home(s, in);
	stand(s, places, in, out);
	start = s->at;
	if (!edit->skip)
		close_open(s, start);
	place_edit(s, in, edit, pass);
	if (edit->remove) {
		s->landings[edit->off] = start;
		s->cursor = edit->off + edit->remove;
		land(s, edit->off + 1, s->cursor, NOTHING);
	} else {
		/* What stands behind an insertion is landed on through it, or is where jumps that skip it land. */
		close_open(s, s->at);
		copy(s, edit->off + 1);
		if (!edit->skip)
			s->landings[edit->off] = start;
	}
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

	if (likely(count <= *cap))
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
	size_t room = (size_t)out->insn_cap + 1;
	struct sweep s;
	int status;

	if (reserve(&map->landings, &map->landing_cap, (size_t)in->insn_cnt + 1, sizeof(*map->landings)) ||
	    reserve(&map->places, &map->place_cap, in->subprog_cnt, sizeof(*map->places)) ||
	    reserve(&map->near, &map->near_cap, room, sizeof(*map->near)) ||
	    reserve(&map->far, &map->far_cap, room, sizeof(*map->far)))
		return -ENOMEM;
	memset(map->places, 0xff, in->subprog_cnt * sizeof(*map->places));
	map->landings[in->insn_cnt] = NOTHING;

	s = (struct sweep){
		.insns = in->insns, .aux = in->aux, .out_insns = out->insns, .out_aux = out->aux,
		.landings = map->landings, .near = map->near, .far = map->far, .open = NOTHING,
		.home_end = in->subprog_cnt > 1 ? in->subprogs[1].start : in->insn_cnt,
	};
	out->subprog_cnt = 0;
	for (const struct index_map_edit *edit = pass->edits; edit < pass->edits + pass->edit_cnt; edit++) {
		if (unlikely((size_t)s.at + (in->insn_cnt - s.cursor) + edit->patch_cnt > out->insn_cap))
			return -ENOSPC;
		apply_edit(&s, map->places, in, out, edit, pass);
	}
	copy_gap(&s, map->places, in, out, in->insn_cnt);
	close_open(&s, NOTHING);

	out->insn_cnt = s.at;
	if (!out->subprog_cnt)
		return -EINVAL;
	status = point_near(map->near, s.near, map->landings, out->insns);
	if (status == -EINVAL || point_far(map, s.far, in, out->insns))
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
