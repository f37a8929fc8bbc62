import BPF

/// The release, features and settings of one kernel, as far as BPF programs and their rewrites depend on them.
package struct KernelFacts: Hashable, Sendable, Codable {
    /// The release, as `uname -r` prints it.
    package var release: String
    /// The first two numbers of the release.
    package var version: KernelVersion
    /// The features that the kernel showed.
    package var features: Set<KernelFeature>
    /// The program types that it loads; ``ProgramType/tracing`` is for programs at the entry of a function, see
    /// ``KernelFeature/typedTracepoint`` for the others.
    package var programTypes: Set<ProgramType>
    /// The ``knownFunctions`` that are in its BTF.
    package var functions: Set<String>
    /// The build options that affect BPF, as `CONFIG_NAME=value`, sorted; empty if they are unknown.
    package var configuration: [String]
    /// The answers to probes that did not show their feature, or made the kernel complain.
    package var answers: [ProbeAnswer]
    /// Where the kernel has its functions and fields; empty if it does not say.
    package var layout = KernelLayout()

    /// Makes facts by hand. The version is read from the release; it is 0.0 if the release has none.
    package init(
        release: String, features: Set<KernelFeature>, programTypes: Set<ProgramType> = Set(ProgramType.allCases),
        functions: Set<String> = [], configuration: [String] = [], answers: [ProbeAnswer] = []
    ) {
        self.release = release
        version = KernelVersion(release) ?? KernelVersion(0, 0)
        self.features = features
        self.programTypes = programTypes
        self.functions = functions
        self.configuration = configuration
        self.answers = answers
    }

    /// The kernel functions that generated programs call, and those whose calls the kernel rewrites.
    package static let knownFunctions: [String] = [
        "bpf_cast_to_kern_ctx", "bpf_rdonly_cast", "bpf_rcu_read_lock", "bpf_rcu_read_unlock", "bpf_throw",
        "bpf_obj_new_impl", "bpf_obj_drop_impl", "bpf_percpu_obj_new_impl", "bpf_percpu_obj_drop_impl",
        "bpf_refcount_acquire_impl", "bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_list_pop_front",
        "bpf_rbtree_add_impl", "bpf_rbtree_remove", "bpf_rbtree_first", "bpf_preempt_disable", "bpf_preempt_enable",
        "bpf_dynptr_from_skb", "bpf_dynptr_from_xdp", "bpf_dynptr_slice", "bpf_iter_num_new", "bpf_iter_num_next",
        "bpf_iter_num_destroy", "bpf_session_cookie", "bpf_session_is_return", "bpf_wq_init", "bpf_wq_start",
        "bpf_wq_set_callback_impl", "bpf_get_kmem_cache", "bpf_local_irq_save", "bpf_local_irq_restore",
        "bpf_cgroup_from_id", "bpf_cgroup_release",
    ]
}
