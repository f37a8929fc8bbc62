import BPF

/// What the kernel at hand is and has, as far as programs and what becomes of them depend on it.
package struct KernelFacts: Hashable, Sendable, Codable {
    /// The release as `uname -r` gives it.
    package var release: String
    /// The first two numbers of the release.
    package var version: KernelVersion
    /// What the kernel was seen to have.
    package var features: Set<KernelFeature>
    /// The program types that it loads; ``ProgramType/tracing`` is for programs at the entry of a function, see
    /// ``KernelFeature/typedTracepoint`` for the others.
    package var programTypes: Set<ProgramType>
    /// Those of ``knownFunctions`` that its BTF has.
    package var functions: Set<String>
    /// Options that say something about the BPF of the kernel, as `CONFIG_NAME=value`, sorted; empty when not known.
    package var configuration: [String]

    /// Makes facts by hand; the version is read from the release.
    package init(
        release: String, features: Set<KernelFeature>, programTypes: Set<ProgramType> = Set(ProgramType.allCases),
        functions: Set<String> = [], configuration: [String] = []
    ) {
        self.release = release
        version = KernelVersion(release: release)
        self.features = features
        self.programTypes = programTypes
        self.functions = functions
        self.configuration = configuration
    }

    /// The kernel functions that programs made here call, or that the kernel rewrites calls of.
    package static let knownFunctions: [String] = [
        "bpf_cast_to_kern_ctx", "bpf_rdonly_cast", "bpf_rcu_read_lock", "bpf_rcu_read_unlock", "bpf_throw",
        "bpf_obj_new_impl", "bpf_obj_drop_impl", "bpf_percpu_obj_new_impl", "bpf_percpu_obj_drop_impl",
        "bpf_refcount_acquire_impl", "bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_list_pop_front",
        "bpf_rbtree_add_impl", "bpf_rbtree_remove", "bpf_rbtree_first", "bpf_preempt_disable", "bpf_preempt_enable",
        "bpf_dynptr_from_skb", "bpf_dynptr_from_xdp", "bpf_dynptr_slice", "bpf_iter_num_new", "bpf_iter_num_next",
        "bpf_iter_num_destroy", "bpf_session_cookie", "bpf_session_is_return", "bpf_wq_init", "bpf_wq_start",
        "bpf_wq_set_callback_impl", "bpf_get_kmem_cache", "bpf_local_irq_save", "bpf_local_irq_restore",
    ]
}

/// The first two numbers of a kernel release.
package struct KernelVersion: Hashable, Sendable, Codable, Comparable {
    package var major: Int
    package var minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `6.18` out of `6.18.44-generic`; what is no number counts as 0.
    package init(release: String) {
        let parts = release.split(separator: ".", omittingEmptySubsequences: false).prefix(2)
            .map { Int($0.prefix { ("0"..."9").contains($0) }) ?? 0 }
        self.init(parts.first ?? 0, parts.count > 1 ? parts[1] : 0)
    }

    package static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
}

extension KernelVersion: CustomStringConvertible {
    /// Both numbers, as in `6.18`.
    package var description: String { "\(major).\(minor)" }
}
