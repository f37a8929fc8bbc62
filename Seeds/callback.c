// SPDX-License-Identifier: BSD-2-Clause
/*
 * bpf_loop with a callback: a wide load of a subprogram's address (a pseudo function), whose offset counts from the
 * first of its two slots. The kernel inlines the helper with a patch that calls the callback.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct context {
	__u64 sum;
	__u64 limit;
};

static int add_until_limit(__u32 index, struct context *context)
{
	context->sum += index;
	return context->sum > context->limit;
}

static int count_down(__u32 index, struct context *context)
{
	if (!context->limit)
		return 1;
	context->limit--;
	return 0;
}

SEC("tc")
int callback(struct __sk_buff *skb)
{
	struct context context = { .sum = 0, .limit = skb->len };

	bpf_loop(100, add_until_limit, &context, 0);
	bpf_loop(skb->mark, count_down, &context, 0);
	return context.sum > context.limit;
}

char _license[] SEC("license") = "Dual BSD/GPL";
