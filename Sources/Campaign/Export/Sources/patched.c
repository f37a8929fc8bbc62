
// ---- The rest is the same in all such programs. ----

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef LINKED
#include <dlfcn.h>
#endif

enum { RIGHT = 0, WRONG = 1, UNDECIDED = 2, MOST_DIFFERENCES = 16 };

static unsigned int pass, differences;

__attribute__((format(printf, 1, 2))) static void differs(const char *format, ...)
{
	va_list values;

	if (differences++ >= MOST_DIFFERENCES)
		return;
	printf("pass %u: ", pass);
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	printf("\n");
}

__attribute__((noreturn)) static void give_up(const char *reason)
{
	printf("%s\n", reason);
	exit(UNDECIDED);
}

// True if the instruction is a jump, a call or a function address; returns its target slot.
static int has_target(const struct bpf_insn *insn, __u32 slot, long *target)
{
	int is_jump = BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_JMP32;
	long offset;

	if (insn->code == (BPF_JMP | BPF_CALL) || insn->code == (BPF_LD | BPF_IMM | BPF_DW)) {
		if (insn->src_reg != (is_jump ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC))
			return 0;
		offset = insn->imm;
	} else if (!is_jump || BPF_OP(insn->code) == BPF_CALL || BPF_OP(insn->code) == BPF_EXIT ||
		   insn->code == (BPF_JMP | BPF_JA | BPF_X)) {
		return 0;
	} else {
		offset = insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off;
	}
	*target = slot + 1 + offset;
	return 1;
}

static void compare_insns(const struct program *must, const struct bpf_patcher_image *found)
{
	if (found->insn_cnt != must->insn_cnt)
		differs("the result must have %u slots, has %u", must->insn_cnt, found->insn_cnt);
	for (__u32 slot = 0; slot < must->insn_cnt && slot < found->insn_cnt; slot++) {
		const struct bpf_insn *right = &must->insns[slot], *own = &found->insns[slot];
		long wanted, reached;

		if (!memcmp(right, own, sizeof(*own)))
			continue;
		if (right->code == own->code && has_target(right, slot, &wanted) && has_target(own, slot, &reached) &&
		    wanted != reached)
			differs("slot %u must reach slot %ld, reaches slot %ld", slot, wanted, reached);
		else
			differs("slot %u must be BPF_RAW_INSN(0x%x, %u, %u, %d, %d), is BPF_RAW_INSN(0x%x, %u, %u, %d, %d)",
				slot, right->code, right->dst_reg, right->src_reg, right->off, right->imm, own->code,
				own->dst_reg, own->src_reg, own->off, own->imm);
	}
}

static void compare(const struct program *must, const struct bpf_patcher_image *found, __u32 caps)
{
	compare_insns(must, found);
	for (__u32 i = 0; caps & BPF_PATCHER_AUX && i < must->insn_cnt && i < found->insn_cnt; i++)
		if (must->aux[i] != found->aux[i])
			differs("the aux word of slot %u must be %u, is %u", i, must->aux[i], found->aux[i]);
	if (caps & BPF_PATCHER_SUBPROGS) {
		if (must->subprog_cnt != found->subprog_cnt)
			differs("there must be %u subprograms, there are %u", must->subprog_cnt, found->subprog_cnt);
		for (__u32 i = 0; i < must->subprog_cnt && i < found->subprog_cnt; i++)
			if (memcmp(&must->subprogs[i], &found->subprogs[i], sizeof(must->subprogs[i])))
				differs("subprogram %u must start at %u with id %u, starts at %u with id %u", i,
					must->subprogs[i].start, must->subprogs[i].id, found->subprogs[i].start,
					found->subprogs[i].id);
	}
	if (caps & BPF_PATCHER_LINES) {
		if (must->line_cnt != found->line_cnt)
			differs("there must be %u line records, there are %u", must->line_cnt, found->line_cnt);
		for (__u32 i = 0; i < must->line_cnt && i < found->line_cnt; i++)
			if (memcmp(&must->lines[i], &found->lines[i], sizeof(must->lines[i])))
				differs("line record %u must be at %u with id %u, is at %u with id %u", i,
					must->lines[i].insn_off, must->lines[i].id, found->lines[i].insn_off,
					found->lines[i].id);
	}
}

// A block of its own for each array, so that a sanitizer sees accesses past it.
static void *copy(const void *from, size_t count, size_t size)
{
	void *block = malloc(count * size);

	if (!block && count)
		give_up("out of memory");
	if (from && count)
		memcpy(block, from, count * size);
	else if (count)
		memset(block, 0xa5, count * size);
	return block;
}

static void run(const struct bpf_patcher *patcher, const struct step *step)
{
	const struct program *from = &step->in;
	struct bpf_patcher_image in = {
		.insns = copy(from->insns, from->insn_cnt, sizeof(*in.insns)),
		.aux = copy(from->aux, from->insn_cnt, sizeof(*in.aux)),
		.insn_cnt = from->insn_cnt, .insn_cap = from->insn_cnt,
		.subprogs = copy(from->subprogs, from->subprog_cnt, sizeof(*in.subprogs)),
		.subprog_cnt = from->subprog_cnt, .subprog_cap = from->subprog_cnt,
		.lines = copy(from->lines, from->line_cnt, sizeof(*in.lines)),
		.line_cnt = from->line_cnt, .line_cap = from->line_cnt,
	};
	struct bpf_patcher_image out = { .insn_cap = from->insn_cnt, .subprog_cap = from->subprog_cnt,
					 .line_cap = from->line_cnt };
	int status;

	for (__u32 i = 0; i < step->edit_cnt; i++)
		out.insn_cap += step->edits[i].patch_len;
	out.insns = copy(NULL, out.insn_cap, sizeof(*out.insns));
	out.aux = copy(NULL, out.insn_cap, sizeof(*out.aux));
	out.subprogs = copy(NULL, out.subprog_cap, sizeof(*out.subprogs));
	out.lines = copy(NULL, out.line_cap, sizeof(*out.lines));
	status = patcher->apply(&in, step->edits, step->edit_cnt, &out);
	if (memcmp(in.insns, from->insns, from->insn_cnt * sizeof(*in.insns)) ||
	    memcmp(in.aux, from->aux, from->insn_cnt * sizeof(*in.aux)) ||
	    memcmp(in.subprogs, from->subprogs, from->subprog_cnt * sizeof(*in.subprogs)) ||
	    memcmp(in.lines, from->lines, from->line_cnt * sizeof(*in.lines)))
		differs("the patcher writes to its input");
	if (step->stepwise_erange && patcher->caps & BPF_PATCHER_STEPWISE && status == -ERANGE)
		printf("pass %u: -ERANGE is right: an offset does not fit after some of the edits\n", pass);
	else if (status != step->status)
		differs("apply() must return %d, returns %d", step->status, status);
	else if (!status && (out.insn_cnt > out.insn_cap || out.subprog_cnt > out.subprog_cap || out.line_cnt > out.line_cap))
		differs("a count of the result is larger than the room for it");
	else if (!status)
		compare(&step->must, &out, patcher->caps);
	free(in.insns);
	free(in.aux);
	free(in.subprogs);
	free(in.lines);
	free(out.insns);
	free(out.aux);
	free(out.subprogs);
	free(out.lines);
}

// The first capability that a pass needs and the patcher lacks, or NULL.
static const char *lacks(const struct bpf_patcher *patcher, const struct step *step)
{
	static const struct {
		__u32 cap;
		const char *name;
	} names[] = {
		{ BPF_PATCHER_DELETE, "BPF_PATCHER_DELETE" }, { BPF_PATCHER_INSERT, "BPF_PATCHER_INSERT" },
		{ BPF_PATCHER_RANGE, "BPF_PATCHER_RANGE" }, { BPF_PATCHER_SKIP_JUMPS, "BPF_PATCHER_SKIP_JUMPS" },
		{ BPF_PATCHER_KEEP_JUMP, "BPF_PATCHER_KEEP_JUMP" }, { BPF_PATCHER_REFS, "BPF_PATCHER_REFS" },
		{ BPF_PATCHER_DEAD_TARGET, "BPF_PATCHER_DEAD_TARGET" }, { BPF_PATCHER_REFUSES, "BPF_PATCHER_REFUSES" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (step->needs & names[i].cap && !(patcher->caps & names[i].cap))
			return names[i].name;
	return step->no_stepwise && patcher->caps & BPF_PATCHER_STEPWISE ? "passes as this one, being stepwise" : NULL;
}

static const struct bpf_patcher *load(int count, char **words)
{
#ifdef LINKED
	(void)count;
	(void)words;
	return bpf_patcher_v1();
#else
	const struct bpf_patcher *(*make)(void);
	void *plugin;

	if (count != 2)
		give_up("usage: patched ./patcher.so");
	plugin = dlopen(words[1], RTLD_NOW);
	if (!plugin)
		give_up(dlerror());
	*(void **)&make = dlsym(plugin, "bpf_patcher_v1");
	if (!make)
		give_up("the patcher does not export bpf_patcher_v1()");
	return make();
#endif
}

int main(int count, char **words)
{
	const struct bpf_patcher *patcher = load(count, words);
	const char *missing;

	if (!patcher || patcher->abi != BPF_PATCHER_ABI)
		give_up("the patcher has another version of the ABI");
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s: %s\n", patcher->name, finding);
	for (pass = 1; pass <= step_count && !differences; pass++) {
		missing = lacks(patcher, &steps[pass - 1]);
		if (missing) {
			printf("pass %u: the patcher does not support %s\n", pass, missing);
			return UNDECIDED;
		}
		run(patcher, &steps[pass - 1]);
	}
	if (differences > MOST_DIFFERENCES)
		printf("and %u more differences\n", differences - MOST_DIFFERENCES);
	printf("%s\n", differences ? "WRONG" : "right");
	return differences ? WRONG : RIGHT;
}
