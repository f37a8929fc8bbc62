// SPDX-License-Identifier: BSD-2-Clause
/*
 * Loops that end by may_goto, forward out of the loop and backward to its head, and a gotol with its 32-bit offset.
 * The kernel replaces each may_goto by a patch that jumps where it jumped.
 *
 * may_goto is written as bytes, since not every assembler knows it: code 0xe5, the offset in its 16 bits. The labels
 * are the compiler's business otherwise, so each loop is one block of assembly.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int may_goto(struct __sk_buff *skb)
{
	__u64 forward = skb->len;
	__u64 backward = skb->mark;

	asm volatile(
		"1:\n"
		".byte 0xe5, 0; .short (2f - 1b - 8) / 8; .long 0\n"
		"%[count] += 1\n"
		"if %[count] > 1000 goto 2f\n"
		"goto 1b\n"
		"2:\n"
		: [count] "+r"(forward));
	asm volatile(
		"1:\n"
		"%[count] += 1\n"
		"if %[count] > 1000 goto 3f\n"
		"2:\n"
		".byte 0xe5, 0; .short (1b - 2b - 8) / 8; .long 0\n"
		"gotol 3f\n"
		"%[count] = 0\n"
		"3:\n"
		: [count] "+r"(backward));
	return forward > backward;
}

char _license[] SEC("license") = "Dual BSD/GPL";
