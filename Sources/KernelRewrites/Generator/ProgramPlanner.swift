import BPF
import Fuzzing
import KernelModel

/// Decides what programs shall be, within profiles and what a kernel has.
struct ProgramPlanner {
    let profiles: [ProgramProfile]
    private let facts: KernelFacts
    private let types: [TypeTraits]
    /// What the kernel can be asked for.
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
        // An address of no type at all, as of 6.17.
        remove(
            FragmentSet(.readOnlyCast),
            unless: facts.functions.contains("bpf_rdonly_cast") && facts.version >= KernelVersion(6, 17))
        remove(
            FragmentSet(.newObject),
            unless: facts.functions.isSuperset(of: ["bpf_obj_new_impl", "bpf_obj_drop_impl"]))
        remove(FragmentSet(.kptrExchange), unless: facts.functions.contains("bpf_obj_drop_impl"))
        self.possible = possible
    }

    /// Of how many programs one is far, by the number of profiles: it takes as long as hundreds of others.
    private static let farDistance = [1, 1, 4, 8, 16, 32, 64, 128, 2048]

    /// Decides what the next program shall be.
    func plan(_ draws: inout Draws) -> (plan: ProgramPlan, profiles: Set<ProgramProfile>) {
        let isFar = profiles.contains(.far) && draws.below(ProgramPlanner.farDistance[min(profiles.count, 8)]) == 0
        let chosen = choose(&draws) + (isFar ? [.far] : [])
        var fragments = chosen.reduce(into: FragmentSet.base) { $0.formUnion($1.fragments) }.intersection(possible)
        let isHardened = chosen.contains(.speculation) && (chosen.count == 1 || draws.chance(1, of: 4))
        if isHardened { fragments.subtract(.trusted) }
        let traits = chooseType(fragments, chosen, isHardened, &draws)
        fragments.subtract(TypeTraits.special.subtracting(traits.fragments))
        if fragments.has(.exception) {
            // 6.18 refuses a throw from within a loop, be it one that only dead code closes, as a fault of its own.
            if chosen.count == 1 || draws.chance(1, of: 4) {
                fragments.subtract([FragmentSet(.mayGotoLoop)])
            } else {
                fragments.subtract(FragmentSet(.exception))
            }
        }
        let callbacks = fragments.intersection([
            FragmentSet(.loop), FragmentSet(.timerCallback), FragmentSet(.elementCallback),
        ])
        fragments.subtract(callbacks)
        var plan = ProgramPlan(
            traits: traits, fragments: fragments, hasDeadCode: chosen.contains(.deadCode) && !isHardened,
            hasNops: chosen.contains(.nops), hasMayGoto: chosen.contains(.mayGoto),
            hasMayGotoNop: facts.features.contains(.mayGotoNop),
            hasCycles: !fragments.has(.exception) && facts.features.contains(.fallthroughCycles),
            lines: draws.chance(3, of: 4) ? .drawn : .none,
            storesNumbersToContext: facts.version >= KernelVersion(6, 3),
            castsAddresses: possible.has(.readOnlyCast) && !isHardened,
            countsReferences: facts.functions.contains("bpf_refcount_acquire_impl"), functions: [])
        if isHardened {
            plan.privilege = .bpf
            plan.fragments.subtract(FragmentSet(.deadRun))
        }
        plan.isFar = isFar
        if chosen.contains(.rndHi32) && !isFar { plan.flags.insert(.testRndHi32) }
        plan.isRunnable = isRunnable(plan, &draws)
        if plan.isRunnable { plan.fragments.subtract(.unsteady) }
        plan.functions = functions(plan, chosen, callbacks, &draws)
        return (plan, Set(chosen))
    }

    /// Some of the profiles at hand.
    private func choose(_ draws: inout Draws) -> [ProgramProfile] {
        if profiles.count < 4 || draws.chance(1, of: 4) { return profiles.filter { $0 != .far } }
        var bits = draws.bits()
        return profiles.filter { bits.below(2) == 1 && $0 != .far }
    }

    /// A type that has something of what is wanted, if any has.
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

    /// How likely a type is, by its number; a copy of its traits would cost more than the answer.
    private func weight(
        of number: Int, _ wanted: FragmentSet, _ chosen: [ProgramProfile], _ isHardened: Bool
    ) -> Int {
        let type = types[number].type
        // Programs that trace need CAP_PERFMON to be loaded at all.
        if type == .tracing && (isHardened || !chosen.contains(.tracing)) || isHardened && type == .perfEvent {
            return 0
        }
        let weight = types[number].weight
        if wanted.isEmpty { return weight }
        let common = wanted.intersection(types[number].fragments).count
        return common == 0 ? 0 : weight * (1 + common)
    }

    /// Whether a program may be one that is run; not if nothing would be left of what it is for.
    private func isRunnable(_ plan: ProgramPlan, _ draws: inout Draws) -> Bool {
        if !plan.traits.isRunnable || plan.privilege != .all || !draws.chance(3, of: 8) { return false }
        let featured = plan.fragments.subtracting(.base)
        return featured.isEmpty || !featured.subtracting(.unsteady).isEmpty
    }
}
