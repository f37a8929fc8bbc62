// SPDX-License-Identifier: BSD-2-Clause
/*
 * A loop around a switch in one subprogram: many short forward jumps, one backward jump, and several jumps to one place.
 * Patching inside the loop must stretch the backward jump and every jump across the edit.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int loop_switch(struct xdp_md *ctx)
{
	__u64 state = bpf_get_prandom_u32();
	__u32 steps = 0;

	while (steps < 64) {
		switch (state & 7) {
		case 0:
			state = state * 5 + 3;
			break;
		case 1:
			state ^= bpf_ktime_get_ns();
			break;
		case 2:
			state >>= 1;
			continue;
		case 3:
			if (steps > 32)
				return XDP_DROP;
			state += steps;
			break;
		case 5:
			return XDP_ABORTED;
		default:
			state += 7;
		}
		/* Without the barrier the compiler would turn the switch into arithmetic. */
		asm volatile("" : "+r"(state));
		steps++;
	}
	return state & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
