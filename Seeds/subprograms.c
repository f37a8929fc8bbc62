// SPDX-License-Identifier: BSD-2-Clause
/*
 * Subprograms that call forward and backward, two entry programs that share some of them, and one with a loop.
 * An edit in one subprogram must stretch the calls across it and move the starts behind it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int leaf(int value)
{
	asm volatile("" : "+r"(value));
	return value * 3;
}

/* Defined behind leaf, so that its call goes backward. */
static __attribute__((noinline)) int sum(int count)
{
	int total = 0;

	for (int i = 0; i < (count & 15); i++) {
		total += leaf(i);
		asm volatile("" : "+r"(total));
	}
	return total;
}

/* Global, so that the verifier looks at it by itself. */
__attribute__((noinline)) int both(int value)
{
	int one = leaf(value);
	int two = sum(value);

	asm volatile("" : "+r"(one), "+r"(two));
	return one > two ? one : two;
}

SEC("socket")
int calls_all(struct __sk_buff *skb)
{
	return both(skb->len) + leaf(skb->mark);
}

SEC("socket")
int calls_one(struct __sk_buff *skb)
{
	return leaf(skb->len) + leaf(skb->mark);
}

char _license[] SEC("license") = "Dual BSD/GPL";
