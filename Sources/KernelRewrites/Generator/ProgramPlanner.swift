import BPF
import Fuzzing
import KernelModel

/// Decides the properties of programs, within some profiles and the features of a kernel.
struct ProgramPlanner {
    let profiles: [ProgramProfile]
    private let facts: KernelFacts
    private let types: [TypeTraits]
    /// The fragments that the kernel supports.
    private let possible: FragmentSet

    init(profiles: [ProgramProfile], facts: KernelFacts) {
        self.profiles = ProgramProfile.allCases.filter { profiles.contains($0) && $0.lacks(in: facts).isEmpty }
        self.facts = facts
        types = TypeTraits.all.filter { $0.isThere(in: facts) }
        var possible = FragmentSet(Fragment.allCases)
        func remove(_ fragments: FragmentSet, unless isThere: Bool) { if !isThere { possible.subtract(fragments) } }
        remove(
            [FragmentSet(.signedDivide), FragmentSet(.signedByMinusOne)],
            unless: facts.features.contains(.signedDivision))
        remove(FragmentSet(.percpuPointer), unless: facts.features.contains(.percpuKptr))
        remove(FragmentSet(.kernelContext), unless: facts.functions.contains("bpf_cast_to_kern_ctx"))
        // An address without a type, since 6.17.
        remove(
            FragmentSet(.readOnlyCast),
            unless: facts.functions.contains("bpf_rdonly_cast") && facts.version >= KernelVersion(6, 17))
        remove(
            FragmentSet(.newObject),
            unless: facts.functions.isSuperset(of: ["bpf_obj_new_impl", "bpf_obj_drop_impl"]))
        remove(FragmentSet(.kptrExchange), unless: facts.functions.contains("bpf_obj_drop_impl"))
        remove(FragmentSet(.percpuLookup), unless: facts.version >= KernelVersion(5, 19))
        remove(FragmentSet(.taskStorage), unless: facts.features.contains(.kernelTypes))
        remove(
            FragmentSet(.cgroupStorage),
            unless: facts.functions.isSuperset(of: ["bpf_cgroup_from_id", "bpf_cgroup_release"])
                && facts.version >= KernelVersion(6, 2))
        // The nodes have had their present size since 6.6.
        let hasNodes = facts.version >= KernelVersion(6, 6) && facts.functions.contains("bpf_obj_new_impl")
        remove(
            FragmentSet(.listInsert),
            unless: hasNodes
                && facts.functions.isSuperset(of: ["bpf_list_push_front_impl", "bpf_list_push_back_impl"]))
        let hasCallbacks = facts.features.isSuperset(of: [.pseudoFunction, .timer])
        remove(
            FragmentSet(.treeInsert),
            unless: hasNodes && hasCallbacks && facts.functions.contains("bpf_rbtree_add_impl"))
        remove(
            FragmentSet(.workQueue), unless: hasCallbacks && facts.functions.contains("bpf_wq_set_callback_impl"))
        remove(FragmentSet(.packetPointer), unless: facts.functions.contains("bpf_dynptr_from_skb"))
        self.possible = possible
    }

    /// One of so many programs is far, by the number of profiles: a far program takes as long as hundreds of others.
    private static let farDistance = [1, 1, 4, 8, 16, 32, 64, 128, 2048]

    /// Decides the properties of the next program.
    func plan(_ draws: inout Draws) -> (plan: ProgramPlan, profiles: Set<ProgramProfile>) {
        let isFar = profiles.contains(.far) && draws.below(ProgramPlanner.farDistance[min(profiles.count, 8)]) == 0
        let chosen = choose(&draws) + (isFar ? [.far] : [])
        var fragments = chosen.reduce(into: FragmentSet.base) { $0.formUnion($1.fragments) }.intersection(possible)
        let isHardened = chosen.contains(.speculation) && (chosen.count == 1 || draws.chance(1, of: 4))
        if isHardened { fragments.subtract(.trusted) }
        let traits = chooseType(fragments, chosen, isHardened, &draws)
        fragments.subtract(TypeTraits.special.subtracting(traits.fragments))
        if fragments.has(.exception) {
            // 6.18 refuses a throw inside a loop, even if only dead code closes the loop, as a bug of its own.
            if chosen.count == 1 || draws.chance(1, of: 4) {
                fragments.subtract([FragmentSet(.mayGotoLoop)])
            } else {
                fragments.subtract(FragmentSet(.exception))
            }
        }
        let callbacks = fragments.intersection([
            FragmentSet(.loop), FragmentSet(.timerCallback), FragmentSet(.elementCallback), FragmentSet(.treeInsert),
            FragmentSet(.workQueue),
        ])
        fragments.subtract(callbacks)
        var plan = ProgramPlan(
            traits: traits, fragments: fragments, hasDeadCode: chosen.contains(.deadCode) && !isHardened,
            hasNops: chosen.contains(.nops), hasMayGoto: chosen.contains(.mayGoto),
            hasMayGotoNop: facts.features.contains(.mayGotoNop),
            hasCycles: !fragments.has(.exception) && facts.features.contains(.fallthroughCycles),
            lines: draws.chance(3, of: 4) ? .drawn : .none,
            storesNumbersToContext: facts.version >= KernelVersion(6, 3),
            extendsSigns: facts.features.contains(.signExtension),
            castsAddresses: possible.has(.readOnlyCast) && !isHardened,
            countsReferences: facts.functions.contains("bpf_refcount_acquire_impl"),
            hasPercpuObjects: facts.features.contains(.percpuKptr),
            hasKernelTypes: facts.features.contains(.kernelTypes), functions: [])
        if isHardened {
            plan.privilege = .bpf
            plan.fragments.subtract(FragmentSet(.deadRun))
        }
        plan.isFar = isFar
        if chosen.contains(.rndHi32) && !isFar { plan.flags.insert(.testRndHi32) }
        plan.isRunnable = isRunnable(plan, &draws)
        if plan.isRunnable { plan.fragments.subtract(.unsteady) }
        plan.functions = functions(plan, chosen, callbacks, &draws)
        // In a callback that may sleep, and in subprograms that it calls, a pointer from a map is not trusted.
        if plan.functions.contains(where: { $0.kind == .workCallback }) {
            plan.fragments.subtract(FragmentSet(.percpuPointer))
        }
        return (plan, Set(chosen))
    }

    /// Chooses some of the profiles.
    private func choose(_ draws: inout Draws) -> [ProgramProfile] {
        if profiles.count < 4 || draws.chance(1, of: 4) { return profiles.filter { $0 != .far } }
        var bits = draws.bits()
        return profiles.filter { bits.below(2) == 1 && $0 != .far }
    }

    /// Chooses a type that supports some of the fragments, if there is one.
    private func chooseType(
        _ fragments: FragmentSet, _ chosen: [ProgramProfile], _ isHardened: Bool, _ draws: inout Draws
    ) -> TypeTraits {
        let wanted = fragments.intersection(TypeTraits.special)
        var total = 0
        for number in types.indices { total += weight(of: number, wanted, chosen, isHardened) }
        var left = total > 0 ? draws.below(total) : 0
        for number in types.indices {
            left -= weight(of: number, wanted, chosen, isHardened)
            if left < 0 { return types[number] }
        }
        return types[0]
    }

    /// The weight of a type by its number. A copy of its traits would cost more than the weight.
    private func weight(
        of number: Int, _ wanted: FragmentSet, _ chosen: [ProgramProfile], _ isHardened: Bool
    ) -> Int {
        let type = types[number].type
        // Tracing programs need CAP_PERFMON.
        if type == .tracing && (isHardened || !chosen.contains(.tracing)) || isHardened && type == .perfEvent {
            return 0
        }
        let weight = types[number].weight
        if wanted.isEmpty { return weight }
        let common = wanted.intersection(types[number].fragments).count
        return common == 0 ? 0 : weight * (1 + common)
    }

    /// Decides if a program is one that may be run; never if no fragment of its profiles would be left.
    private func isRunnable(_ plan: ProgramPlan, _ draws: inout Draws) -> Bool {
        if !plan.traits.isRunnable || plan.privilege != .all || !draws.chance(3, of: 8) { return false }
        let featured = plan.fragments.subtracting(.base)
        return featured.isEmpty || !featured.subtracting(.unsteady).isEmpty
    }
}
