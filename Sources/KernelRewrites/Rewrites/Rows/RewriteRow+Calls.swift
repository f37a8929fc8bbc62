import BPF
import KernelModel

extension RewriteRow {
    /// Inlined look-ups, by the type of the map.
    static let mapLookups: [RewriteRow] =
        arrays(mask: "") + arrays(mask: "w0 &= $mask\n") + hashes + [sockets("r"), sockets("w")]

    /// Arrays of values, of maps and for each processor; without the right to speculate, the index is masked.
    private static func arrays(mask: String) -> [RewriteRow] {
        let load = "r0 = *(u64 *)(r0 + 0)\n"
        let rows: [(scaling: String, jump: Int, load: String, source: String)] = [
            ("r0 <<= $shift", 3, "", arrayMap), ("r0 *= $size", 3, "", arrayMap),
            ("r0 <<= 3", 5, load + " if r0 == 0 goto +1\n", "arraymap.c: array_of_map_gen_lookup"),
            ("r0 <<= 3", 5, load + " r0 = r0 {off=-1}\n", "arraymap.c: percpu_array_map_gen_lookup"),
        ]
        return rows.map { row in
            helper(
                .mapLookup, HelperNumber.mapLookup,
                """
                r1 += $values
                r0 = *(u32 *)(r2 + 0)
                if r0 >= $entries goto +\(row.jump + (mask.isEmpty ? 0 : 1))
                \(mask) \(row.scaling)
                r0 += r1
                \(row.load) goto +1
                r0 = 0
                """, source: row.source)
        }
    }

    /// A call of the table's own look-up, and from the entry to the value in it.
    private static let hashes: [RewriteRow] = [
        (hashMap, "if r0 == 0 goto +1\n r0 += $elements"),
        (
            "hashtab.c: htab_lru_map_gen_lookup",
            """
            if r0 == 0 goto +4
            r1 = *(u8 *)(r0 + $references)
            if r1 != 0 goto +1
            *(u8 *)(r0 + $references) = 1
            r0 += $elements
            """
        ),
        ("hashtab.c: htab_of_map_gen_lookup", "if r0 == 0 goto +2\n r0 += $elements\n r0 = *(u64 *)(r0 + 0)"),
        (
            "hashtab.c: htab_percpu_map_gen_lookup",
            "if r0 == 0 goto +3\n r0 += $elements\n r0 = *(u64 *)(r0 + 0)\n r0 = r0 {off=-1}"
        ),
    ].map { helper(.mapLookup, HelperNumber.mapLookup, "call $function\n \($0.1)", source: $0.0) }

    /// A map of XDP sockets; 6.12 compares 32 bits, 6.18 64.
    private static func sockets(_ width: String) -> RewriteRow {
        helper(
            .mapLookup, HelperNumber.mapLookup,
            """
            r0 = *(u32 *)(r2 + 0)
            if \(width)0 >= $entries goto +5
            r0 <<= 3
            r1 += $sockets
            r0 += r1
            r0 = *(u64 *)(r0 + 0)
            goto +1
            r0 = 0
            """, source: "xskmap.c: xsk_map_gen_lookup")
    }

    /// Helpers that are inlined, or take arguments that the program does not give.
    static let helpers: [RewriteRow] = ownHelpers + percpuLoads + withArguments

    private static let ownHelpers: [RewriteRow] =
        [
            helper(
                .jiffies, HelperNumber.jiffies, "r0 = $address ll\n r0 = *(u64 *)(r0 + 0)", necessity: .compiled),
            helper(.processorID, HelperNumber.processorID, "w0 ^= w0"),
            helper(.kptrExchange, HelperNumber.kptrExchange, "r0 = r2\n r0 = xchg_64(r1 + 0, r0)"),
            helper(.timerCallback, HelperNumber.timerSetCallback, "r3 = $address ll\n KEEP", necessity: .always),
            helper(.tailCall, HelperNumber.tailCall, "if r3 >= $entries goto +2\n w3 &= $mask\n KEEP"),
            helper(
                .loop, HelperNumber.loop,
                """
                if r1 <= 8388608 goto +2
                w0 = -7
                goto +16
                *(u64 *)(r10 + $saved) = r6
                *(u64 *)(r10 + $saved+8) = r7
                *(u64 *)(r10 + $saved+16) = r8
                r6 = r1
                w7 = 0
                r8 = r3
                if r7 >= r6 goto +5
                r1 = r7
                r2 = r8
                call CALLBACK
                r7 += 1
                if r0 == 0 goto -6
                r0 = r7
                r6 = *(u64 *)(r10 + $saved)
                r7 = *(u64 *)(r10 + $saved+8)
                r8 = *(u64 *)(r10 + $saved+16)
                """, source: "verifier.c: inline_bpf_loop"),
        ]

    /// Loads of a variable of this processor. 6.12 sets the offset as 32 bits, 6.15 and later as 64.
    private static let percpuLoads: [RewriteRow] =
        [
            helper(
                .processorID, HelperNumber.processorID,
                "w0 = $percpu\n r0 = r0 {off=-1}\n r0 = *(u32 *)(r0 + 0)", before: KernelVersion(6, 15))
        ]
        + [
            (HelperNumber.processorID, "u32"), (HelperNumber.currentTask, "u64"), (HelperNumber.currentTaskBTF, "u64"),
        ].map { number, size in
            helper(
                .processorID, number, "r0 = $percpu\n r0 = r0 {off=-1}\n r0 = *(\(size) *)(r0 + 0)",
                since: KernelVersion(6, 13))
        }

    private static let withArguments: [RewriteRow] = [
        helper(.storageGet, HelperNumber.sockStorageGet, "r5 = $flags\n KEEP"),
        helper(.storageGet, HelperNumber.inodeStorageGet, "r5 = $flags\n KEEP"),
        helper(.storageGet, HelperNumber.taskStorageGet, "r5 = $flags\n KEEP"),
        helper(.storageGet, HelperNumber.cgroupStorageGet, "r5 = $flags\n KEEP"),
        helper(.percpuPointer, HelperNumber.percpuPointer, "r1 = *(u64 *)(r1 + 0)\n KEEP"),
        helper(.percpuPointer, HelperNumber.thisPercpuPointer, "r1 = *(u64 *)(r1 + 0)\n KEEP"),
    ]

    /// Helpers of tracing programs; newer kernels have flags above the number of arguments, and mask them.
    static let tracing: [RewriteRow] =
        arguments(mask: "") + arguments(mask: "r0 &= 255\n") + [
            helper(.functionArgument, HelperNumber.functionResult, "r0 = -95"),
            helper(.functionArgument, HelperNumber.functionAddress, "r0 = *(u64 *)(r1 - 16)"),
            helper(
                .branchSnapshot, HelperNumber.branchSnapshot,
                """
                if r3 != 0 goto +7
                w0 = -1431655765
                r2 *= r0
                r2 >>= 36
                call $function
                if r0 == 0 goto +4
                w0 *= 24
                goto +3
                r0 = -22
                goto +1
                r0 = -2
                """),
        ]

    private static func arguments(mask: String) -> [RewriteRow] {
        [
            helper(
                .functionArgument, HelperNumber.functionArgument,
                """
                r0 = *(u64 *)(r1 - 8)
                \(mask) if w2 >= w0 goto +6
                r2 <<= 3
                r2 += r1
                r0 = *(u64 *)(r2 + 0)
                *(u64 *)(r3 + 0) = r0
                r0 = 0
                goto +1
                r0 = -22
                """),
            helper(
                .functionArgument, HelperNumber.functionResult,
                """
                r0 = *(u64 *)(r1 - 8)
                \(mask) r0 <<= 3
                r0 += r1
                r3 = *(u64 *)(r0 + 0)
                *(u64 *)(r2 + 0) = r3
                r0 = 0
                """),
            helper(.functionArgument, HelperNumber.functionArgumentCount, "r0 = *(u64 *)(r1 - 8)\n \(mask)"),
        ]
    }

    /// Kernel functions that do nothing but cast, or take arguments that the program does not give.
    static let kernelFunctions: [RewriteRow] = [
        function(["bpf_cast_to_kern_ctx", "bpf_rdonly_cast"], "r0 = r1", .always),
        function(
            ["bpf_obj_new_impl", "bpf_percpu_obj_new_impl", "bpf_obj_new", "bpf_percpu_obj_new"],
            "r1 = $objectSize\n r2 = $structure ll\n KEEP", .always),
        function(
            [
                "bpf_obj_drop_impl", "bpf_percpu_obj_drop_impl", "bpf_refcount_acquire_impl", "bpf_obj_drop",
                "bpf_percpu_obj_drop", "bpf_refcount_acquire",
            ], "r2 = $structure ll\n KEEP", .always),
        function(
            ["bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_list_push_front", "bpf_list_push_back"],
            "r3 = $structure ll\n r4 = $nodeOffset\n KEEP", .always),
        function(["bpf_rbtree_add_impl", "bpf_rbtree_add"], "r4 = $structure ll\n r5 = $nodeOffset\n KEEP", .always),
        // The address of something of the program's own, such as its `aux`.
        function([], "rA = $address ll\n KEEP", .never),
    ]

    private static func function(_ names: [String], _ expansion: String, _ necessity: Necessity) -> RewriteRow {
        RewriteRow(
            rewrite: .kernelFunction, source: "verifier.c: fixup_kfunc_call", insn: "call kfunc IMM",
            expansion: expansion, functions: names, necessity: necessity)
    }
}
