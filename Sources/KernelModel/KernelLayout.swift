/// The addresses of functions and the offsets of fields in one kernel, for the values that it writes into programs.
package struct KernelLayout: Hashable, Sendable, Codable {
    /// The functions that calls of helpers, kernel functions and rewrites may reach, from `__bpf_call_base` on.
    package var functions: [String: Int64]
    /// The offsets of the fields in ``knownFields``, as `structure.field`.
    ///
    /// - Units: bytes
    package var fields: [String: Int64]

    /// Makes a layout by hand; empty if nothing is known.
    package init(functions: [String: Int64] = [:], fields: [String: Int64] = [:]) {
        self.functions = functions
        self.fields = fields
    }

    /// The helpers, and the functions of rewrites, with one function each.
    ///
    /// - Source: 6.12 `kernel/bpf/helpers.c`, `kernel/trace/bpf_trace.c` and `net/core/filter.c`
    package static let functionsOfHelpers: [Int32: String] = [
        5: "bpf_ktime_get_ns", 7: "bpf_user_rnd_u32", 8: "bpf_get_smp_processor_id", 14: "bpf_get_current_pid_tgid",
        15: "bpf_get_current_uid_gid", 16: "bpf_get_current_comm", 35: "bpf_get_current_task",
        42: "bpf_get_numa_node_id", 118: "bpf_jiffies64", 125: "bpf_ktime_get_boot_ns", 153: "bpf_per_cpu_ptr",
        154: "bpf_this_cpu_ptr", 160: "bpf_ktime_get_coarse_ns", 169: "bpf_timer_init", 170: "bpf_timer_set_callback",
        171: "bpf_timer_start", 172: "bpf_timer_cancel", 181: "bpf_loop", 194: "bpf_kptr_xchg",
        208: "bpf_ktime_get_tai_ns",
    ]

    /// The functions that rewrites call.
    package static let functionsOfRewrites: [String] = [
        "arch_bpf_timed_may_goto", "__htab_map_lookup_elem", "bpf_skb_load_helper_8_no_cache",
        "bpf_skb_load_helper_16_no_cache", "bpf_skb_load_helper_32_no_cache", "bpf_skb_pull_data", "sk_skb_pull_data",
    ]

    /// The fields whose offsets the kernel writes into programs.
    package static let knownFields: [String] =
        ["bpf_array.value", "htab_elem.key", "htab_elem.lru_node", "bpf_lru_node.ref"]
        + [
            "len", "__pkt_type_offset", "mark", "queue_mapping", "protocol", "vlan_all", "vlan_tci", "vlan_proto",
            "priority", "skb_iif", "dev", "tc_index", "hash", "data", "napi_id", "tstamp", "__cloned_offset",
        ].map { "sk_buff." + $0 }
        + ["rxq", "data", "data_end", "data_meta"].map { "xdp_buff." + $0 } + ["net_device.ifindex"]
}
