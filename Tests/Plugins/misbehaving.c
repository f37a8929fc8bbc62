// SPDX-License-Identifier: BSD-2-Clause
/*
 * The example, but where a pass starts by replacing an exit, or with -DEVERY=N in about one of N cases, it does what
 * -DFAULT=… names: everything that must not end a campaign.
 */
#define bpf_patcher_v1 example_v1
#include "example.c"
#undef bpf_patcher_v1

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define NULL_POINTER 1
#define ABORT 2
#define HANG 3
#define MEMORY 4
#define PAST_OUTPUT 5
#define BEFORE_OUTPUT 6
#define INPUT 7
#define STATUS 8
#define UNSTEADY 9
#define EXIT 10
#define STACK 11
#define HEAP 12
#define PAST_INPUT 13
#define LEAK 14
#define DIVIDE 15
#define READ_ONLY 16
#define CALL_NULL 17
#define CLOSE 18
#define SCRIBBLE 19
#define CHILD 20
#define FORK 21
#define TERMINATE 22
#define KILL_PARENT 23
#define SLOW 24
#define SESSION 25
#define STOP_PARENT 26

#ifndef LEAKED_KIB
#define LEAKED_KIB 512
#endif

static volatile int sink;
static void *volatile leaked;

/*
 * The parent of this process at the first call. When a worker dies, its child
 * gets another parent an instant before the signal that ends the child.
 */
static pid_t worker(void)
{
	static pid_t own, parent;

	if (own != getpid()) {
		own = getpid();
		parent = getppid();
	}
	return parent;
}

static int deeper(int depth)
{
	volatile char room[512];

	room[depth % 512] = 1;
	return deeper(depth + 1) + room[0];
}

static const int constant[2] = { 1, 2 };

static __attribute__((noinline)) int misbehave(const struct bpf_patcher_image *in, struct bpf_patcher_image *out, __u32 room)
{
	char *heap;

	switch (FAULT) {
	case NULL_POINTER:
		*(volatile int *)sink = 1;
		break;
	case ABORT:
		abort();
	case HANG:
		for (;;)
			sink++;
	case MEMORY:
		for (;;)
			memset(malloc(1 << 20), 1, 1 << 20);
	case PAST_OUTPUT:
		out->insns[room].imm = 1;
		break;
	case BEFORE_OUTPUT:
		out->insns[-1].imm = 1;
		break;
	case INPUT:
		in->insns[0].imm++;
		break;
	case STATUS:
		return -EPERM;
	case UNSTEADY:
		return sink++ % 2 ? -EINVAL : -ERANGE;
	case EXIT:
		exit(0);
	case STACK:
		return deeper(0);
	case HEAP:
		heap = malloc(8);
		memset(heap, 1, 8 + (sink + 1));
		sink = heap[7] - 1;
		free(heap);
		break;
	case LEAK:
		leaked = memset(malloc(LEAKED_KIB << 10), 1, LEAKED_KIB << 10);
		break;
	case DIVIDE:
		return 100 / sink;
	case READ_ONLY:
		((volatile int *)constant)[1] = 1;
		break;
	case CALL_NULL:
		((void (*volatile)(void))0)();
		break;
	case CLOSE:
		for (int i = 0; i < 100; i++)
			close(i);
		break;
	case SCRIBBLE:
		for (int i = 0; i < 100; i++)
			if (write(i, "garbage\n", 8) < 0)
				continue;
		break;
	case CHILD:
		if (!sink++ && !fork()) {
			sleep(3600);
			_exit(0);
		}
		break;
	case SESSION:
		if (!sink++ && !fork()) {
			setsid();
			sleep(3600);
			_exit(0);
		}
		break;
	case STOP_PARENT:
		kill(getppid(), SIGSTOP);
		for (;;)
			pause();
	case FORK:
		if (!sink++ && fork() < 0)
			abort();
		break;
	case TERMINATE:
		raise(SIGTERM);
		break;
	case KILL_PARENT:
		kill(worker(), SIGKILL);
		break;
	case SLOW:
		usleep(20000);
		break;
	case PAST_INPUT:
		sink = in->insns[in->insn_cnt].imm;
		break;
	}
	return 0;
}

static int is_chosen(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt)
{
#ifdef EVERY
	__u32 sum = edit_cnt;

	for (__u32 i = 0; i < in->insn_cnt; i++)
		sum = sum * 31 + in->insns[i].code + (__u32)in->insns[i].imm;
	return sum / 64 % EVERY == 0;
#else
	return edit_cnt && in->insns[edits[0].off].code == (BPF_JMP | BPF_EXIT);
#endif
}

static int apply_badly(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
		 struct bpf_patcher_image *out)
{
	__u32 room = in->insn_cnt;
	int status;

	for (__u32 i = 0; i < edit_cnt; i++)
		room += edits[i].patch_len;
	if (is_chosen(in, edits, edit_cnt)) {
		status = misbehave(in, out, room);
		if (status)
			return status;
	}
	return example_v1()->apply(in, edits, edit_cnt, out);
}

const struct bpf_patcher *bpf_patcher_v1(void)
{
	static struct bpf_patcher patcher;

	patcher = *example_v1();
	patcher.name = "misbehaving";
	patcher.apply = apply_badly;
	return &patcher;
}
