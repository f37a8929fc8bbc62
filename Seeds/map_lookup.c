// SPDX-License-Identifier: BSD-2-Clause
/*
 * A map look-up, global data and 64-bit constants: wide loads of several kinds, with jumps over and right behind them.
 * The kernel inlines look-ups in arrays with a patch of several instructions that jumps out of itself.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

const volatile __u64 limit = 1000;
__u64 dropped;

SEC("xdp")
int map_lookup(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index & 15;
	__u64 *counter = bpf_map_lookup_elem(&counters, &key);
	__u64 mask = 0x123456789abcdef0ULL;

	if (!counter)
		return XDP_ABORTED;
	/* The barrier keeps the constant in a wide load of its own. */
	asm volatile("" : "+r"(mask));
	*counter = (*counter ^ mask) + 1;
	if (*counter > limit) {
		__sync_fetch_and_add(&dropped, 1);
		return XDP_DROP;
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
