// kernel/error/verifier-bug/backtracking-misuse
//
// Found with Linux 6.18.44-fc-v782.
// Made from case 2091 of seed 2.
// known fault of Linux 6.18: `bpf_loop` with the context as its number of rounds: the verifier reports a bug of its own, which is no fault of patching
//
//   cc -o shows kernel--error--verifier-bug--backtracking-misuse.c -lbpf && ./shows
//
// prints the program as the kernel rewrites it. Exit status 1: it still has the fault, 0: it has not, 2: the program
// is not loaded, or the result is neither.

#include <linux/bpf.h>
#include <stddef.h>

static struct bpf_insn insns[] = {
	{ 0xb7, 0, 0, 0, 1 }, // L0: r0 = 1
	{ 0x18, 2, 4, 0, 5 }, // L1: r2 = L7 ll
	{ 0x0, 0, 0, 0, 0 },
	{ 0xb7, 3, 0, 0, 0 }, // L3: r3 = 0
	{ 0xb7, 4, 0, 0, 0 }, // L4: r4 = 0
	{ 0x85, 0, 0, 0, 181 }, // L5: call 181
	{ 0x6, 0, 0, 0, -1 }, // L6: gotol L6
	{ 0xb7, 0, 0, 0, 8 }, // L7: r0 = 8
	{ 0x95, 0, 0, 0, 0 }, // L8: exit
};
static const size_t insn_count = sizeof(insns) / sizeof(insns[0]);
static const unsigned int function_starts[] = { 0, 7 };
static const size_t function_count = 2;
static const unsigned int line_slots[] = { 0, 7 };
static const size_t line_count = 2;
static const char *const kernel_functions[] = { "bpf_rdonly_cast", NULL };
static const char *const attach_target = NULL;
static const unsigned int prog_type = 13, attach_type = 0, prog_flags = 0x0, only_bpf = 0;

enum kind { NOTHING, INSN, TARGET, LENGTH, SUBPROGRAM, LINE, REFUSAL, VALUE, LOAD };
struct part {
	enum kind kind;
	unsigned int place, missing, slot, id, has_second;
	struct bpf_insn insn, second;
};
static const char finding[] = "the program must be accepted, is refused: verifier bug: backtracking misuse";
static const char seen_refusal[] = "verifier bug: backtracking misuse";
static const struct part seen = { .kind = REFUSAL };
static const struct part must = { .kind = NOTHING };

// ---- The rest is the same in all such programs. ----

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHOWN = 1, NOT_SHOWN = 0, UNDECIDED = 2 };

static void give_up(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(UNDECIDED);
}

// The maps that the program names, each at the place of its kind.
static const struct {
	enum bpf_map_type type;
	unsigned int value_size, entries;
} kinds[] = {
	{ BPF_MAP_TYPE_ARRAY, 64, 4 },        { BPF_MAP_TYPE_HASH, 64, 4 },
	{ BPF_MAP_TYPE_LRU_HASH, 64, 4 },     { BPF_MAP_TYPE_PERCPU_ARRAY, 64, 4 },
	{ BPF_MAP_TYPE_PERCPU_HASH, 64, 4 },  { BPF_MAP_TYPE_LRU_PERCPU_HASH, 64, 4 },
	{ BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4 }, { BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4 },
	{ BPF_MAP_TYPE_PROG_ARRAY, 4, 4 },    { BPF_MAP_TYPE_ARRAY, 64, 1 },
	{ BPF_MAP_TYPE_ARRAY, 64, 1 },        { BPF_MAP_TYPE_ARRAY, 64, 1 },
	{ BPF_MAP_TYPE_ARRAY, 64, 1 },        { BPF_MAP_TYPE_SOCKMAP, 4, 4 },
	{ BPF_MAP_TYPE_DEVMAP, 4, 4 },        { BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4 },
	{ BPF_MAP_TYPE_QUEUE, 64, 4 },        { BPF_MAP_TYPE_STACK, 64, 4 },
	{ BPF_MAP_TYPE_SK_STORAGE, 64, 0 },   { BPF_MAP_TYPE_TASK_STORAGE, 64, 0 },
	// BPF_MAP_TYPE_CGRP_STORAGE, which older headers lack.
	{ (enum bpf_map_type)32, 64, 0 },     { BPF_MAP_TYPE_ARRAY, 64, 1 },
	{ BPF_MAP_TYPE_ARRAY, 64, 1 },
};
enum {
	KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]),
	ARRAY_OF_MAPS = 6, HASH_OF_MAPS = 7, TIMER = 9, KPTR = 10, PERCPU_KPTR = 11, QUEUE = 16, STACK = 17, SK_STORAGE = 18,
	TASK_STORAGE = 19, CGRP_STORAGE = 20, COLLECTIONS = 21, WORK_QUEUE = 22,
};

// Whether the program names the map of a kind.
static int names_kind(int kind)
{
	for (size_t i = 0; i < insn_count; i++)
		if (insns[i].code == 0x18 && (insns[i].src_reg == 5 || insns[i].src_reg == 6) && insns[i].imm == kind)
			return 1;
	return 0;
}

// Functions f0, f1, ...; the first is global and the others static, as callbacks have to be.
struct types {
	int fd;
	int key, values[KIND_COUNT];
	unsigned int first_function, line;
};

static int add_value(struct btf *btf, const char *name, int first, int second, int rest)
{
	int id = btf__add_struct(btf, name, 64);
	btf__add_field(btf, "first", first, 0, 0);
	if (second)
		btf__add_field(btf, "second", second, 64, 0);
	btf__add_field(btf, "rest", rest, 128, 0);
	return id;
}

// The type of the first function; those of the others follow it.
static unsigned int first_function;

static struct types make_types(void)
{
	struct types types = { 0 };
	struct btf *btf = btf__new_empty();
	if (!btf)
		give_up("BTF");
	types.key = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int word = btf__add_int(btf, "u64", 8, 0);
	// The third type: programs name it by this number.
	int plain = btf__add_struct(btf, "plain", 16);
	btf__add_field(btf, "first", word, 0, 0);
	btf__add_field(btf, "second", word, 64, 0);
	int half = btf__add_int(btf, "u32", 4, 0);
	int count = btf__add_struct(btf, "bpf_refcount", 4);
	btf__add_field(btf, "opaque", half, 0, 0);
	// The sixth type, likewise.
	btf__add_struct(btf, "counted", 16);
	btf__add_field(btf, "first", word, 0, 0);
	btf__add_field(btf, "count", count, 64, 0);
	// The ninth and the twelfth type as well.
	int words = btf__add_array(btf, types.key, word, 3);
	int node = btf__add_struct(btf, "bpf_list_node", 24);
	btf__add_field(btf, "opaque", words, 0, 0);
	btf__add_struct(btf, "list_item", 32);
	btf__add_field(btf, "first", word, 0, 0);
	btf__add_field(btf, "node", node, 64, 0);
	words = btf__add_array(btf, types.key, word, 4);
	node = btf__add_struct(btf, "bpf_rb_node", 32);
	btf__add_field(btf, "opaque", words, 0, 0);
	btf__add_struct(btf, "tree_item", 40);
	btf__add_field(btf, "first", word, 0, 0);
	btf__add_field(btf, "node", node, 64, 0);
	int pair = btf__add_array(btf, types.key, word, 2);
	int timer = btf__add_struct(btf, "bpf_timer", 16);
	btf__add_field(btf, "opaque", pair, 0, 0);
	int rest = btf__add_array(btf, types.key, word, 6);
	types.values[TIMER] = add_value(btf, "timer_value", timer, 0, rest);
	// A kernel without BTF of its own refuses tags, so only programs that need them have them.
	if (names_kind(KPTR))
		types.values[KPTR] =
			add_value(btf, "kptr_value", word, btf__add_ptr(btf, btf__add_type_tag(btf, "kptr", plain)), rest);
	if (names_kind(PERCPU_KPTR))
		types.values[PERCPU_KPTR] = add_value(btf, "percpu_kptr_value", word,
						      btf__add_ptr(btf, btf__add_type_tag(btf, "percpu_kptr", plain)), rest);
	int storage = add_value(btf, "storage_value", word, 0, rest);
	types.values[SK_STORAGE] = types.values[TASK_STORAGE] = types.values[CGRP_STORAGE] = storage;
	int queue = btf__add_struct(btf, "bpf_wq", 16);
	btf__add_field(btf, "opaque", pair, 0, 0);
	types.values[WORK_QUEUE] = add_value(btf, "wq_value", queue, 0, rest);
	if (names_kind(COLLECTIONS)) {
		int lock = btf__add_struct(btf, "bpf_spin_lock", 4);
		btf__add_field(btf, "val", half, 0, 0);
		int head = btf__add_struct(btf, "bpf_list_head", 16);
		btf__add_field(btf, "opaque", pair, 0, 0);
		int root = btf__add_struct(btf, "bpf_rb_root", 16);
		btf__add_field(btf, "opaque", pair, 0, 0);
		int value = btf__add_struct(btf, "collection_value", 64);
		btf__add_field(btf, "lock", lock, 0, 0);
		btf__add_field(btf, "head", head, 64, 0);
		btf__add_field(btf, "root", root, 192, 0);
		btf__add_decl_tag(btf, "contains:list_item:node", value, 1);
		btf__add_decl_tag(btf, "contains:tree_item:node", value, 2);
		types.values[COLLECTIONS] = value;
	}
	types.line = btf__add_str(btf, "line");
	int prototype = btf__add_func_proto(btf, types.key);
	for (size_t i = 0; i < function_count; i++) {
		char name[16];
		snprintf(name, sizeof(name), "f%zu", i);
		int id = btf__add_func(btf, name, i ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL, prototype);
		if (i == 0)
			types.first_function = id;
	}
	if (btf__load_into_kernel(btf))
		give_up("BTF");
	types.fd = btf__fd(btf);
	return types;
}

static int maps[KIND_COUNT];

static void make_map(unsigned int kind, const struct types *types)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	if (maps[kind] >= 0)
		return;
	if (kind == ARRAY_OF_MAPS || kind == HASH_OF_MAPS) {
		make_map(0, types);
		options.inner_map_fd = maps[0];
	}
	if (types->values[kind]) {
		options.btf_fd = types->fd;
		options.btf_key_type_id = types->key;
		options.btf_value_type_id = types->values[kind];
	}
	if (kind == SK_STORAGE || kind == TASK_STORAGE || kind == CGRP_STORAGE)
		options.map_flags = BPF_F_NO_PREALLOC;
	unsigned int key_size = kind == QUEUE || kind == STACK ? 0 : 4;
	maps[kind] = bpf_map_create(kinds[kind].type, "map", key_size, kinds[kind].value_size, kinds[kind].entries, &options);
	if (maps[kind] < 0)
		give_up("map");
}

// Makes the maps, and replaces the numbers of kernel functions by their BTF ids in this kernel.
static unsigned int prepare(const struct types *types)
{
	struct btf *kernel = NULL;
	if (kernel_functions[0] || attach_target) {
		kernel = btf__load_vmlinux_btf();
		if (!kernel)
			give_up("BTF of the kernel");
	}
	for (size_t i = 0; i < KIND_COUNT; i++)
		maps[i] = -1;
	for (size_t i = 0; i < insn_count; i++) {
		struct bpf_insn *insn = &insns[i];
		if (insn->code == 0x18 && (insn->src_reg == 5 || insn->src_reg == 6) && (unsigned int)insn->imm < KIND_COUNT)
			make_map(insn->imm, types);
		if (insn->code == 0x85 && insn->src_reg == 2) {
			insn->imm = btf__find_by_name_kind(kernel, kernel_functions[insn->imm], BTF_KIND_FUNC);
			if (insn->imm < 0)
				give_up("kernel function");
		}
	}
	if (!attach_target)
		return 0;
	char name[128];
	const char *prefix = attach_type == BPF_TRACE_RAW_TP ? "btf_trace_" : attach_type == BPF_LSM_MAC ? "bpf_lsm_"
		: attach_type == BPF_TRACE_ITER ? "bpf_iter_" : "";
	snprintf(name, sizeof(name), "%s%s", prefix, attach_target);
	int id = btf__find_by_name_kind(kernel, name, attach_type == BPF_TRACE_RAW_TP ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC);
	if (id < 0)
		give_up("attach target");
	return id;
}

// The verifier hardens programs that are loaded without CAP_PERFMON and CAP_SYS_ADMIN. CAP_SYSLOG is kept, since the calls of
// a program that is loaded without it have no numbers.
static void keep_only_bpf(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct halves[2];
	if (syscall(SYS_capget, &header, halves))
		give_up("capabilities");
	halves[0].effective = 1U << CAP_NET_ADMIN;
	halves[1].effective = 1U << (CAP_BPF - 32) | (halves[1].permitted & 1U << (CAP_SYSLOG - 32));
	if (syscall(SYS_capset, &header, halves))
		give_up("capabilities");
}

static void give_back(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct halves[2];
	if (syscall(SYS_capget, &header, halves))
		give_up("capabilities");
	halves[0].effective = halves[0].permitted;
	halves[1].effective = halves[1].permitted;
	if (syscall(SYS_capset, &header, halves))
		give_up("capabilities");
}

static int load(const struct types *types, unsigned int target, unsigned int flags)
{
	static char log[1 << 20];
	struct bpf_func_info *functions = calloc(function_count + 1, sizeof(*functions));
	struct bpf_line_info *lines = calloc(line_count + 1, sizeof(*lines));
	for (size_t i = 0; i < function_count; i++)
		functions[i] = (struct bpf_func_info){ function_starts[i], types->first_function + i };
	for (size_t i = 0; i < line_count; i++)
		lines[i] = (struct bpf_line_info){ line_slots[i], types->line, types->line, (i + 1) << 10 };
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	options.expected_attach_type = (enum bpf_attach_type)attach_type;
	options.prog_flags = flags;
	options.attach_btf_id = target;
	options.prog_btf_fd = types->fd;
	options.fd_array = maps;
	options.func_info = functions;
	options.func_info_cnt = function_count;
	options.func_info_rec_size = sizeof(*functions);
	options.line_info = lines;
	options.line_info_cnt = line_count;
	options.line_info_rec_size = sizeof(*lines);
	if (only_bpf)
		keep_only_bpf();
	int fd = bpf_prog_load((enum bpf_prog_type)prog_type, NULL, "GPL", insns, insn_count, &options);
	if (fd < 0) {
		int code = errno;
		options.log_level = 1;
		options.log_buf = log;
		options.log_size = sizeof(log);
		bpf_prog_load((enum bpf_prog_type)prog_type, NULL, "GPL", insns, insn_count, &options);
		printf("%s\n", log);
		if (seen.kind == REFUSAL) {
			int is_shown = strstr(log, seen_refusal) != NULL;
			printf("%s\n%s\n", finding,
			       is_shown ? "still shown" : "the program is refused for another reason: undecided");
			exit(is_shown ? SHOWN : UNDECIDED);
		}
		errno = code;
		give_up("the kernel does not load the program");
	}
	if (only_bpf)
		give_back();
	return fd;
}

struct result {
	struct bpf_insn *insns;
	struct bpf_func_info *functions;
	struct bpf_line_info *lines;
	unsigned int insn_count, function_count, line_count;
};

static struct result read_back(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		give_up("the program cannot be read back");
	struct result result = {
		calloc(info.xlated_prog_len + 8, 1), calloc(info.nr_func_info + 1, sizeof(struct bpf_func_info)),
		calloc(info.nr_line_info + 1, sizeof(struct bpf_line_info)), info.xlated_prog_len / 8, info.nr_func_info,
		info.nr_line_info,
	};
	memset(&info, 0, sizeof(info));
	info.xlated_prog_insns = (unsigned long)result.insns;
	info.xlated_prog_len = result.insn_count * 8;
	info.func_info = (unsigned long)result.functions;
	info.nr_func_info = result.function_count;
	info.func_info_rec_size = sizeof(struct bpf_func_info);
	info.line_info = (unsigned long)result.lines;
	info.nr_line_info = result.line_count;
	info.line_info_rec_size = sizeof(struct bpf_line_info);
	size = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &size) || !info.xlated_prog_insns)
		give_up("the program cannot be read back");
	return result;
}

static void print_insn(const struct result *result, unsigned int slot)
{
	const struct bpf_insn *insn = &result->insns[slot];
	printf("%6u: code 0x%02x dst %u src %u off %d imm %d", slot, insn->code, insn->dst_reg, insn->src_reg, insn->off, insn->imm);
	int is_jump = (insn->code & 7) == 5 || (insn->code & 7) == 6;
	if (insn->code == 0x06)
		printf("  -> %d", (int)slot + 1 + insn->imm);
	else if (is_jump && (insn->code & 0xf0) != 0x80 && (insn->code & 0xf0) != 0x90)
		printf("  -> %d", (int)slot + 1 + insn->off);
	printf("\n");
}

// True if imm is the same in each load. It is not for addresses, ids of maps and the scratch register.
static int has_steady_number(const struct bpf_insn *insn)
{
	if (insn->code == 0x85)
		return insn->src_reg == 1;
	if (insn->code == 0x18)
		return insn->src_reg == 0 || insn->src_reg == 4;
	return insn->dst_reg != 11;
}

// True if the correct instruction differs from the seen one only in a number that is not steady: the fault is that number.
static int is_number_wrong(void)
{
	struct bpf_insn a = seen.insn, b = must.insn;
	a.imm = b.imm = 0;
	return seen.kind == INSN && must.kind == INSN && seen.place == must.place && !has_steady_number(&seen.insn)
		&& memcmp(&a, &b, sizeof(a)) == 0;
}

// True if a part of the result is as one of the two says.
static int is_there(const struct result *result, const struct part *part)
{
	unsigned int place = part->place;
	switch (part->kind) {
	case INSN: {
		if (place + part->has_second >= result->insn_count)
			return 0;
		struct bpf_insn a = result->insns[place], b = part->insn;
		int is_steady = has_steady_number(&b) || is_number_wrong();
		if (!is_steady)
			a.imm = b.imm = 0;
		if (memcmp(&a, &b, sizeof(a)) != 0)
			return 0;
		return !part->has_second || !is_steady
			|| memcmp(&result->insns[place + 1], &part->second, sizeof(a)) == 0;
	}
	case TARGET: {
		if (place + 1 >= result->insn_count)
			return 0;
		const struct bpf_insn *insn = &result->insns[place];
		// The address of a subprogram: BPF_PSEUDO_FUNC.
		if (insn->code != 0x18 || insn->src_reg != 4)
			return 0;
		for (unsigned int i = 0; i < result->function_count; i++)
			if (result->functions[i].insn_off == place + 1 + insn->imm)
				return !part->missing && result->functions[i].type_id - first_function == part->id;
		return part->missing;
	}
	case LENGTH:
		return result->insn_count == place;
	case SUBPROGRAM:
		if (part->missing)
			return place >= result->function_count;
		return place < result->function_count && result->functions[place].insn_off == part->slot;
	case LINE:
		if (part->missing)
			return place >= result->line_count;
		return place < result->line_count && result->lines[place].insn_off == part->slot
			&& result->lines[place].line_col == (part->id + 1) << 10;
	default:
		return 0;
	}
}

// The slot around which the result is printed; -1 for a part without one.
static long place_of(const struct result *result, const struct part *part)
{
	switch (part->kind) {
	case INSN:
	case TARGET:
		return part->place;
	case SUBPROGRAM:
		return part->place < result->function_count ? (long)result->functions[part->place].insn_off : -1;
	case LINE:
		return part->place < result->line_count ? (long)result->lines[part->place].insn_off : -1;
	default:
		return -1;
	}
}

enum { WHOLE = 64, AROUND = 8, ROWS = 16 };

// Prints a short program whole, and a long one around a slot; `all` prints every slot.
static void print_result(const struct result *result, long place, int is_whole)
{
	unsigned int first = 0, last = result->insn_count;
	is_whole |= last <= WHOLE;
	if (!is_whole && place >= 0) {
		first = place > AROUND ? place - AROUND : 0;
		last = place + AROUND + 1 < (long)last ? place + AROUND + 1 : last;
	} else if (!is_whole) {
		last = 0;
	}
	for (unsigned int i = first; i < last; i++)
		print_insn(result, i);
	if (!is_whole)
		printf("%u slots of %u; './shows all' prints them all\n", last - first, result->insn_count);
	is_whole |= result->function_count + result->line_count <= ROWS;
	for (unsigned int i = 0; i < result->function_count; i++)
		if (is_whole || (result->functions[i].insn_off >= first && result->functions[i].insn_off < last))
			printf("subprogram %u starts at %u\n", i, result->functions[i].insn_off);
	for (unsigned int i = 0; i < result->line_count; i++)
		if (is_whole || (result->lines[i].insn_off >= first && result->lines[i].insn_off < last))
			printf("line %u is at %u\n", (result->lines[i].line_col >> 10) - 1, result->lines[i].insn_off);
}

// Prints the answer.
static int answer(const struct result *result)
{
	if (seen.kind == LOAD || seen.kind == REFUSAL) {
		printf("the program is loaded\nnot shown\n");
		return NOT_SHOWN;
	}
	if (seen.kind == NOTHING) {
		printf("the program is loaded, and the case has no observation: undecided\n");
		return UNDECIDED;
	}
	if (is_there(result, &seen)) {
		printf("still shown\n");
		return SHOWN;
	}
	if (must.kind == NOTHING) {
		printf("the result is not the one that was seen, and the case does not tell the correct one: undecided\n");
		return UNDECIDED;
	}
	if (!is_there(result, &must)) {
		printf("the result is neither the one that was seen nor the correct one: undecided\n");
		return UNDECIDED;
	}
	printf("the result is correct\nnot shown\n");
	return NOT_SHOWN;
}

// Runs a program, on a packet if its type takes one.
static unsigned int run(int fd)
{
	unsigned char packet[64] = { 0 };
	static unsigned char memory[4096];
	struct bpf_sk_lookup lookup = { .family = 2, .protocol = 6 };
	LIBBPF_OPTS(bpf_test_run_opts, options);
	for (unsigned int i = 14; i < sizeof(packet); i++)
		packet[i] = i;
	switch (prog_type) {
	case BPF_PROG_TYPE_SK_LOOKUP:
		options.ctx_in = &lookup;
		options.ctx_size_in = sizeof(lookup);
		break;
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
		options.ctx_in = memory;
		options.ctx_size_in = 12 * 8;
		break;
	case BPF_PROG_TYPE_SYSCALL:
		options.ctx_in = memory;
		options.ctx_size_in = sizeof(memory);
		break;
	default:
		options.data_in = packet;
		options.data_size_in = sizeof(packet);
		options.repeat = 2;
	}
	if (bpf_prog_test_run_opts(fd, &options))
		give_up("the program cannot be run");
	return options.retval;
}

// Runs the program with two sets of flags; both must return the same value.
static int compare_values(const struct types *types, unsigned int target)
{
	unsigned int right = run(load(types, target, must.slot)), again = run(load(types, target, must.slot));
	unsigned int value = run(load(types, target, seen.slot));
	printf("%s\nwith flags 0x%x it returns 0x%x\nwith flags 0x%x it returns 0x%x\n", finding, must.slot, right, seen.slot, value);
	if (right != again) {
		printf("the program returns two values with the same flags: undecided\n");
		return UNDECIDED;
	}
	printf("%s\n", right == value ? "not shown" : "still shown");
	return right == value ? NOT_SHOWN : SHOWN;
}

int main(int count, char **words)
{
	struct types types = make_types();
	unsigned int target = prepare(&types);
	first_function = types.first_function;
	if (seen.kind == VALUE)
		return compare_values(&types, target);
	struct result result = read_back(load(&types, target, prog_flags));
	long place = place_of(&result, &seen);
	print_result(&result, place, count > 1 && strcmp(words[1], "all") == 0);
	printf("\n%s\n", finding);
	if ((seen.kind == INSN || seen.kind == TARGET) && place < (long)result.insn_count)
		print_insn(&result, place);
	return answer(&result);
}
