/// The numbers of the helpers that are generated or rewritten.
///
/// - Source: `include/uapi/linux/bpf.h`, `___BPF_FUNC_MAPPER`
package enum HelperNumber {
    package static let mapLookup: Int32 = 1
    package static let mapUpdate: Int32 = 2
    package static let mapDelete: Int32 = 3
    package static let processorID: Int32 = 8
    package static let tailCall: Int32 = 12
    package static let currentTask: Int32 = 35
    package static let redirectMap: Int32 = 51
    package static let mapPush: Int32 = 87
    package static let mapPop: Int32 = 88
    package static let mapPeek: Int32 = 89
    package static let spinLock: Int32 = 93
    package static let spinUnlock: Int32 = 94
    package static let sockStorageGet: Int32 = 107
    package static let jiffies: Int32 = 118
    package static let inodeStorageGet: Int32 = 145
    package static let percpuPointer: Int32 = 153
    package static let thisPercpuPointer: Int32 = 154
    package static let taskStorageGet: Int32 = 156
    package static let currentTaskBTF: Int32 = 158
    package static let forEachElement: Int32 = 164
    package static let timerSetCallback: Int32 = 170
    package static let functionAddress: Int32 = 173
    package static let branchSnapshot: Int32 = 176
    package static let loop: Int32 = 181
    package static let functionArgument: Int32 = 183
    package static let functionResult: Int32 = 184
    package static let functionArgumentCount: Int32 = 185
    package static let kptrExchange: Int32 = 194
    package static let mapLookupPercpu: Int32 = 195
    package static let cgroupStorageGet: Int32 = 210

    /// The name of a helper, as in `bpf.h` without `bpf_`; `helper 42` for one that no generated program calls.
    package static func name(of number: Int32) -> String { names[number] ?? "helper \(number)" }

    private static let names: [Int32: String] = [
        mapLookup: "map_lookup_elem", mapUpdate: "map_update_elem", mapDelete: "map_delete_elem",
        processorID: "get_smp_processor_id", tailCall: "tail_call", currentTask: "get_current_task",
        redirectMap: "redirect_map", mapPush: "map_push_elem", mapPop: "map_pop_elem", mapPeek: "map_peek_elem",
        spinLock: "spin_lock", spinUnlock: "spin_unlock",
        sockStorageGet: "sk_storage_get", jiffies: "jiffies64", inodeStorageGet: "inode_storage_get",
        percpuPointer: "per_cpu_ptr", thisPercpuPointer: "this_cpu_ptr", taskStorageGet: "task_storage_get",
        currentTaskBTF: "get_current_task_btf", forEachElement: "for_each_map_elem",
        timerSetCallback: "timer_set_callback", functionAddress: "get_func_ip",
        branchSnapshot: "get_branch_snapshot", loop: "loop", functionArgument: "get_func_arg",
        functionResult: "get_func_ret", functionArgumentCount: "get_func_arg_cnt", kptrExchange: "kptr_xchg",
        mapLookupPercpu: "map_lookup_percpu_elem", cgroupStorageGet: "cgrp_storage_get",
    ]
}
