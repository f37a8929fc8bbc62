/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A patcher made of the functions of a kernel tree: does by hand what the
 * kernel's callers of these functions do by hand.
 *
 * It is compiled behind the functions in one translation unit. An edit is one
 * or two calls of theirs; what the caller has to work out (offsets of the
 * patch, aux of an instruction that is kept) is worked out for the layout that
 * this one edit gives, and the functions move it on when later edits come.
 */
#include "bpf_patcher_kernel.h"

/* Set by whoever took the functions out of the tree. */
#ifndef ADAPTER_RELEASE
#error "ADAPTER_RELEASE is not set"
#endif

#define ADAPTER_SUBPROGS \
	(sizeof(((struct bpf_verifier_env *)0)->subprog_info) / sizeof(struct bpf_subprog_info) - 1)

enum adapter_field { ADAPTER_NONE, ADAPTER_OFF, ADAPTER_IMM, ADAPTER_CALL };

/* The environment that the functions work in, made once. */
static struct {
	struct bpf_verifier_env *env;
	struct bpf_prog_aux aux;
	const struct bpf_patcher_edit *edits;
	s32 *moved; /* how far what follows the first edits has moved, by their number */
	u32 moved_cap;
	struct bpf_insn *patch; /* the patch that goes to the functions */
	u32 patch_cap;
	u32 *aims; /* jumps that look past an insertion for a moment */
	u32 aim_cap;
	u32 rows; /* of subprog_info, in use by the last pass */
} adapter;

static bool adapter_is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* Which field of an instruction holds an offset. */
static enum adapter_field adapter_field(const struct bpf_insn *insn)
{
	const u8 class = insn->code & 0x07, op = insn->code & 0xf0;

	if (adapter_is_wide(insn))
		return insn->src_reg == 4 ? ADAPTER_CALL : ADAPTER_NONE;
	if (class != 0x05 && class != 0x06)
		return ADAPTER_NONE;
	if (insn->code == 0x85)
		return insn->src_reg == 1 ? ADAPTER_CALL : ADAPTER_NONE;
	if (insn->code == 0x06)
		return ADAPTER_IMM;
	return op == 0x80 || op == 0x90 || insn->code == 0x0d ? ADAPTER_NONE : ADAPTER_OFF;
}

static s64 adapter_offset(const struct bpf_insn *insn, enum adapter_field field)
{
	return field == ADAPTER_OFF ? insn->off : insn->imm;
}

/* Lets the instruction at `index` reach `landing`. */
static int adapter_aim(struct bpf_insn *insn, enum adapter_field field, s64 index, s64 landing)
{
	const s64 offset = landing - index - 1;

	if (field == ADAPTER_OFF) {
		if (offset != (s16)offset)
			return -ERANGE;
		insn->off = offset;
	} else {
		if (offset != (s32)offset)
			return -ERANGE;
		insn->imm = offset;
	}
	return 0;
}

static bool adapter_grow(void *row, u32 *cap, u32 count, size_t size)
{
	void **bytes = row, *grown;

	if (count <= *cap)
		return true;
	count += count / 2 + 64;
	grown = realloc(*bytes, count * size);
	if (!grown)
		return false;
	*bytes = grown;
	*cap = count;
	return true;
}

/*
 * Where input index `to` is reached after the first `count` edits: at the code
 * inserted before it, at the patch that replaced it, or where it stands or
 * what followed it stands.
 */
static s64 adapter_landing(u32 to, u32 count, bool is_call)
{
	u32 low = 0, high = count;

	/* the first edit that reaches beyond `to`, or inserts there */
	while (low < high) {
		const u32 middle = (low + high) / 2;
		const struct bpf_patcher_edit *edit = &adapter.edits[middle];

		if (edit->off + edit->remove_cnt > to || (!edit->remove_cnt && edit->off == to))
			high = middle;
		else
			low = middle + 1;
	}
	for (; low < count; low++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[low];

		if (edit->off > to)
			break;
		if (!edit->remove_cnt && edit->flags & BPF_PATCHER_JUMPS_SKIP && !is_call)
			return (s64)to + adapter.moved[low] + edit->patch_len;
		if (edit->patch_len)
			return (s64)edit->off + adapter.moved[low];
		to = edit->off + edit->remove_cnt;
	}
	return (s64)to + adapter.moved[low];
}

/* What a step must leave alone when an allocation fails. */
struct adapter_copy {
	struct bpf_insn *insns;
	struct bpf_insn_aux_data *aux;
	struct bpf_line_info *lines;
	struct bpf_subprog_info *subprogs;
	struct bpf_func_info *funcs;
	u32 len, line_cnt, subprog_cnt;
};

static void *adapter_duplicate(const void *bytes, size_t size)
{
	void *copy = malloc(size + 1);

	if (copy && size)
		memcpy(copy, bytes, size);
	return copy;
}

static void adapter_copy(struct adapter_copy *copy)
{
	struct bpf_verifier_env *env = adapter.env;

	copy->len = env->prog->len;
	copy->line_cnt = adapter.aux.nr_linfo;
	copy->subprog_cnt = env->subprog_cnt;
	copy->insns = adapter_duplicate(env->prog->insnsi, copy->len * sizeof(*copy->insns));
	copy->aux = adapter_duplicate(env->insn_aux_data, copy->len * sizeof(*copy->aux));
	copy->lines = adapter_duplicate(adapter.aux.linfo, copy->line_cnt * sizeof(*copy->lines));
	copy->subprogs = adapter_duplicate(env->subprog_info,
					   (copy->subprog_cnt + 1) * sizeof(*copy->subprogs));
	copy->funcs = adapter_duplicate(adapter.aux.func_info,
					copy->subprog_cnt * sizeof(*copy->funcs));
}

static bool adapter_is_unchanged(const struct adapter_copy *copy)
{
	struct bpf_verifier_env *env = adapter.env;

	return memory_is_live(env->prog) && memory_is_live(env->insn_aux_data) &&
	       env->prog->aux == &adapter.aux && env->prog->len == copy->len &&
	       env->subprog_cnt == copy->subprog_cnt && adapter.aux.nr_linfo == copy->line_cnt &&
	       !memcmp(env->prog->insnsi, copy->insns, copy->len * sizeof(*copy->insns)) &&
	       !memcmp(env->insn_aux_data, copy->aux, copy->len * sizeof(*copy->aux)) &&
	       !memcmp(adapter.aux.linfo, copy->lines, copy->line_cnt * sizeof(*copy->lines)) &&
	       !memcmp(env->subprog_info, copy->subprogs,
		       (copy->subprog_cnt + 1) * sizeof(*copy->subprogs)) &&
	       !memcmp(adapter.aux.func_info, copy->funcs,
		       copy->subprog_cnt * sizeof(*copy->funcs));
}

static void adapter_drop(struct adapter_copy *copy)
{
	free(copy->insns);
	free(copy->aux);
	free(copy->lines);
	free(copy->subprogs);
	free(copy->funcs);
}

/* One call of a function that patches or removes. */
static int adapter_call(u32 off, u32 remove, const struct bpf_insn *patch, u32 len)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog *prog;

	if (!len)
		return verifier_remove_insns(env, off, remove);
	standin_has_complained = false;
	prog = bpf_patch_insn_data(env, off, patch, len);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	/* NULL stands for every error; only one of them is logged */
	if (!prog)
		return standin_has_complained ? -ERANGE : -ENOMEM;
	env->prog = prog;
	return 0;
}

/* A step: such a call, done again when it failed for want of memory. */
static int adapter_step(u32 off, u32 remove, const struct bpf_insn *patch, u32 len)
{
	struct adapter_copy copy;
	int err;

	if (likely(!memory_failures.one_in))
		return adapter_call(off, remove, patch, len);
	adapter_copy(&copy);
	memory_failures.has_failed = false;
	err = adapter_call(off, remove, patch, len);
	if (err && memory_failures.has_failed) {
		if (adapter_is_unchanged(&copy)) {
			memory_failures.is_paused = true;
			err = adapter_call(off, remove, patch, len);
			memory_failures.is_paused = false;
		} else {
			err = -BPF_PATCHER_KERNEL_DAMAGED;
		}
	}
	adapter_drop(&copy);
	return err;
}

/* A jump that is kept at `index` of an edit that grows by `growth` there. */
static int adapter_keep(struct bpf_insn *insn, s64 off, s64 index, s64 growth, bool skips)
{
	const enum adapter_field field = adapter_field(insn);
	s64 target;

	if (field == ADAPTER_NONE)
		return 0;
	target = off + 1 + adapter_offset(insn, field);
	if (target > off)
		target += growth;
	else if (target == off && skips && field == ADAPTER_OFF && off - index - 1 < S16_MIN)
		target = index; /* adjust_jmp_off() would lead it there, had it room to wait */
	return adapter_aim(insn, field, index, target);
}

/* Works out the patch of an edit at `off` of the present layout. */
static int adapter_prepare(u32 number, u32 off, bool has_original)
{
	const struct bpf_patcher_edit *edit = &adapter.edits[number];
	const struct bpf_insn *insns = adapter.env->prog->insnsi;
	const u32 len = edit->patch_len;
	const s64 growth = (s64)len - edit->remove_cnt;
	struct bpf_insn *patch;
	u32 i;
	int err;

	if (!adapter_grow(&adapter.patch, &adapter.patch_cap, len + 1, sizeof(*patch)))
		return -ENOMEM;
	patch = adapter.patch;
	memcpy(patch, edit->patch, len * sizeof(*patch));
	if (edit->keep != BPF_PATCHER_NONE) {
		const u32 at = edit->keep;

		memcpy(patch + at, insns + off, edit->remove_cnt * sizeof(*patch));
		err = adapter_keep(patch + at, off, off + at, growth, false);
		if (err)
			return err;
	}
	if (has_original) {
		patch[len] = insns[off];
		err = adapter_keep(patch + len, off, off + len, growth,
				   edit->flags & BPF_PATCHER_JUMPS_SKIP);
		if (err)
			return err;
	}
	for (i = 0; i < edit->ref_cnt; i++) {
		const u32 from = edit->refs[i].from;
		const enum adapter_field field = adapter_field(patch + from);
		const s64 landing = adapter_landing(edit->refs[i].to, number + 1,
						    field == ADAPTER_CALL);

		err = adapter_aim(patch + from, field, (s64)off + from, landing);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Lets jumps aim past an insertion that they are to skip, where the layout
 * between the two steps has no room for their way back to `off`.
 */
static int adapter_look_away(u32 off, u32 len, u32 *count)
{
	struct bpf_prog *prog = adapter.env->prog;
	u32 i;

	*count = 0;
	if (prog->len + len <= S16_MAX)
		return 0;
	for (i = off + 1; i < prog->len; i++) {
		struct bpf_insn *insn = &prog->insnsi[i];

		if (adapter_is_wide(insn)) {
			i++;
			continue;
		}
		if (adapter_field(insn) != ADAPTER_OFF || i + 1 + insn->off != off ||
		    insn->off - (s64)len >= S16_MIN)
			continue;
		if (!adapter_grow(&adapter.aims, &adapter.aim_cap, *count + 1, sizeof(u32)))
			return -ENOMEM;
		adapter.aims[(*count)++] = i;
		insn->off++;
	}
	return 0;
}

static void adapter_look_back(u32 len, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		adapter.env->prog->insnsi[adapter.aims[i] + len].off--;
}

/* Insertion: the instruction itself stands last in the patch. */
static int adapter_insert(u32 number, u32 off)
{
	const struct bpf_patcher_edit *edit = &adapter.edits[number];
	const u32 len = edit->patch_len;
	const bool skips = edit->flags & BPF_PATCHER_JUMPS_SKIP;
	u32 aims = 0;
	int err;

	err = adapter_prepare(number, off, true);
	if (!err && skips)
		err = adapter_look_away(off, len, &aims);
	if (!err)
		err = adapter_step(off, 1, adapter.patch, len + 1);
	if (err || !skips)
		return err;
#ifdef ADAPTER_HAS_ADJUST_JMP_OFF
	err = adjust_jmp_off(adapter.env->prog, off, len);
	if (err)
		return err;
#endif
	adapter_look_back(len, aims);
	return 0;
}

/* Replacement: all but the first slot goes, then that is patched. */
static int adapter_replace(u32 number, u32 off)
{
	const struct bpf_patcher_edit *edit = &adapter.edits[number];
	const u32 len = edit->patch_len, keep = edit->keep, last = off + len - 1;
	const bool is_wide = edit->remove_cnt > 1;
	struct bpf_insn_aux_data *aux = adapter.env->insn_aux_data;
	const u32 second = is_wide ? aux[off + 1].ADAPTER_AUX_WORD : 0;
	int err;

	err = adapter_prepare(number, off, false);
	if (!err && is_wide)
		err = adapter_step(off + 1, edit->remove_cnt - 1, NULL, 0);
	if (!err)
		err = adapter_step(off, 1, adapter.patch, len);
	if (err || keep == BPF_PATCHER_NONE)
		return err;
	/* the functions give the word to the last slot; it belongs to the kept one */
	aux = adapter.env->insn_aux_data;
	if (off + keep != last) {
		aux[off + keep].ADAPTER_AUX_WORD = aux[last].ADAPTER_AUX_WORD;
		aux[last].ADAPTER_AUX_WORD = 0;
	}
	if (is_wide)
		aux[off + keep + 1].ADAPTER_AUX_WORD = second;
	return 0;
}

/* All edits, in order. */
static int adapter_run(u32 count)
{
	u32 i;
	int err = 0;

	adapter.moved[0] = 0;
	for (i = 0; i < count && !err; i++) {
		const struct bpf_patcher_edit *edit = &adapter.edits[i];
		const u32 off = edit->off + adapter.moved[i];

		adapter.moved[i + 1] = adapter.moved[i] + (s32)edit->patch_len - (s32)edit->remove_cnt;
		if (!edit->patch_len)
			err = adapter_step(off, edit->remove_cnt, NULL, 0);
		else if (edit->remove_cnt)
			err = adapter_replace(i, off);
		else if (off < adapter.env->prog->len)
			err = adapter_insert(i, off);
		else
			err = -EINVAL; /* the functions cannot append */
	}
	return err;
}

/* A program as the verifier has it when it starts to patch. */
static bool adapter_load(const struct bpf_patcher_image *in)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog_aux *aux = &adapter.aux;
	const size_t size = offsetof(struct bpf_prog, insnsi) + in->insn_cnt * sizeof(struct bpf_insn);
	const size_t info = offsetof(struct bpf_verifier_env, subprog_info);
	const size_t behind = info + sizeof(env->subprog_info);
	u32 i, line = 0;

	memset(env, 0, info);
	memset(env->subprog_info, 0, adapter.rows * sizeof(env->subprog_info[0]));
	memset((char *)env + behind, 0, sizeof(*env) - behind);
	adapter.rows = in->subprog_cnt + 1;
	memset(aux, 0, sizeof(*aux));
	aux->linfo = memory_take((in->line_cnt + 1) * sizeof(*aux->linfo));
	aux->func_info = memory_take((in->subprog_cnt + 1) * sizeof(*aux->func_info));
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	aux->func_info_aux = memory_take((in->subprog_cnt + 1) * sizeof(*aux->func_info_aux));
	if (aux->func_info_aux)
		memset(aux->func_info_aux, 0, (in->subprog_cnt + 1) * sizeof(*aux->func_info_aux));
#endif
	env->insn_aux_data = memory_take(in->insn_cnt * sizeof(*env->insn_aux_data));
	env->prog = memory_take(round_up(size, PAGE_SIZE));
	if (!aux->linfo || !aux->func_info || !env->insn_aux_data || !env->prog)
		return false;

	memset(env->prog, 0, offsetof(struct bpf_prog, insnsi));
	env->prog->pages = round_up(size, PAGE_SIZE) / PAGE_SIZE;
	env->prog->len = in->insn_cnt;
	env->prog->aux = aux;
#ifdef ADAPTER_HAS_AUX_PROG
	aux->prog = env->prog;
#endif
	memcpy(env->prog->insnsi, in->insns, in->insn_cnt * sizeof(*in->insns));
	memset(env->insn_aux_data, 0, in->insn_cnt * sizeof(*env->insn_aux_data));
	for (i = 0; i < in->insn_cnt; i++)
		env->insn_aux_data[i].ADAPTER_AUX_WORD = in->aux[i];
#ifdef ADAPTER_HAS_AUX_LEN
	env->insn_aux_data_len = in->insn_cnt;
#endif
	aux->nr_linfo = in->line_cnt;
	for (i = 0; i < in->line_cnt; i++)
		aux->linfo[i] = (struct bpf_line_info){
			.insn_off = in->lines[i].insn_off, .line_col = in->lines[i].id,
		};
	aux->func_info_cnt = in->subprog_cnt;
	env->subprog_cnt = in->subprog_cnt;
	for (i = 0; i < in->subprog_cnt; i++) {
		const u32 start = in->subprogs[i].start;

		while (line < in->line_cnt && in->lines[line].insn_off < start)
			line++;
		env->subprog_info[i].start = start;
		env->subprog_info[i].linfo_idx = line;
		aux->func_info[i] = (struct bpf_func_info){
			.insn_off = start, .type_id = in->subprogs[i].id,
		};
	}
	/* a subprogram that does not exist starts where the program ends */
	env->subprog_info[i].start = in->insn_cnt;
	return true;
}

static void adapter_store(struct bpf_patcher_image *out)
{
	struct bpf_verifier_env *env = adapter.env;
	struct bpf_prog_aux *aux = &adapter.aux;
	u32 i;

	out->insn_cnt = env->prog->len;
	memcpy(out->insns, env->prog->insnsi, out->insn_cnt * sizeof(*out->insns));
	for (i = 0; i < out->insn_cnt; i++)
		out->aux[i] = env->insn_aux_data[i].ADAPTER_AUX_WORD;
	out->subprog_cnt = env->subprog_cnt;
	for (i = 0; i < out->subprog_cnt; i++) {
		out->subprogs[i].start = env->subprog_info[i].start;
		out->subprogs[i].id = aux->func_info[i].type_id;
	}
	out->line_cnt = aux->nr_linfo;
	for (i = 0; i < out->line_cnt; i++) {
		out->lines[i].insn_off = aux->linfo[i].insn_off;
		out->lines[i].id = aux->linfo[i].line_col;
	}
}

/* The functions may have lost a block that they were given. */
static void adapter_release(const void *block)
{
	if (block && memory_is_live(block))
		memory_give_back(block);
}

static int adapter_apply(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits,
			 __u32 edit_cnt, struct bpf_patcher_image *out)
{
	int err = -ENOMEM;

	/* more subprograms than the verifier has room for are refused by it long before */
	if (in->subprog_cnt > ADAPTER_SUBPROGS)
		return -EINVAL;
	if (!adapter.env)
		adapter.env = calloc(1, sizeof(*adapter.env));
	adapter.edits = edits;
	if (!adapter.env ||
	    !adapter_grow(&adapter.moved, &adapter.moved_cap, edit_cnt + 1, sizeof(s32)))
		return -ENOMEM;
	if (adapter_load(in))
		err = adapter_run(edit_cnt);
	if (!err)
		adapter_store(out);
	/* after damage nobody knows which blocks are whose */
	if (err != -BPF_PATCHER_KERNEL_DAMAGED) {
		adapter_release(adapter.env->prog);
		adapter_release(adapter.env->insn_aux_data);
	}
	adapter_release(adapter.aux.linfo);
	adapter_release(adapter.aux.func_info);
#ifdef ADAPTER_HAS_FUNC_INFO_AUX
	adapter_release(adapter.aux.func_info_aux);
#endif
	memory_failures.one_in = 0;
	return err;
}

static void adapter_fail_alloc(__u64 seed, __u32 one_in)
{
	memory_failures.seed = seed;
	memory_failures.one_in = one_in;
}

static __u64 adapter_failed_allocs(void)
{
	return memory_failures.count;
}

__attribute__((visibility("default"))) const struct bpf_patcher *bpf_patcher_v1(void)
{
	static const struct bpf_patcher patcher = {
		.abi = BPF_PATCHER_ABI,
		.caps = BPF_PATCHER_DELETE | BPF_PATCHER_INSERT | BPF_PATCHER_RANGE |
#ifdef ADAPTER_HAS_ADJUST_JMP_OFF
			BPF_PATCHER_SKIP_JUMPS |
#endif
			BPF_PATCHER_KEEP_JUMP | BPF_PATCHER_REFS | BPF_PATCHER_AUX |
			BPF_PATCHER_SUBPROGS | BPF_PATCHER_LINES | BPF_PATCHER_STEPWISE,
		.name = ADAPTER_NAME,
		.apply = adapter_apply,
	};

	return &patcher;
}

__attribute__((visibility("default"))) const struct bpf_patcher_kernel *bpf_patcher_kernel_v1(void)
{
	static const struct bpf_patcher_kernel kernel = {
		.abi = BPF_PATCHER_ABI,
		.release = ADAPTER_RELEASE,
		.fail_alloc = adapter_fail_alloc,
		.failed_allocs = adapter_failed_allocs,
		.limits = ADAPTER_LIMITS,
		.max_subprogs = ADAPTER_SUBPROGS,
	};

	return &kernel;
}
