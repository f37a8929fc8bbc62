import BPF
import Fuzzing

extension ProgramPlanner {
    /// Decides which functions a program has, who calls them, and how long they are.
    func functions(
        _ plan: ProgramPlan, _ chosen: [ProgramProfile], _ callbacks: FragmentSet, _ draws: inout Draws
    ) -> [FunctionPlan] {
        let drawn = plan.isFar ? farSlots(&draws) : slots(&draws)
        // A hardened program is verified again for each path that a processor may take speculatively.
        let length = plan.privilege == .all ? drawn : min(drawn, 150)
        let hasCalls = chosen.contains(.calls) || chosen.contains(.subprograms)
        var kinds: [FunctionKind] = hasCalls ? [.contextual, .plain] : []
        if callbacks.has(.loop) { kinds.append(.loopCallback) }
        if callbacks.has(.elementCallback) && !plan.isRunnable { kinds.append(.elementCallback) }
        if callbacks.has(.timerCallback) && !plan.isRunnable { kinds.append(.timerCallback) }
        if callbacks.has(.workQueue) && !plan.isRunnable { kinds.append(.workCallback) }
        if callbacks.has(.treeInsert) && !plan.isRunnable { kinds.append(.lessCallback) }
        // A subprogram besides the callbacks.
        if !kinds.isEmpty && !hasCalls { kinds.append(.plain) }
        if kinds.isEmpty || chosen.contains(.blinding) && draws.chance(3, of: 4) {
            return [FunctionPlan(kind: .entry, slots: length)]
        }
        let isMany = !plan.isFar && chosen.contains(.subprograms) && draws.below(24) == 0
        let count = isMany ? 16 + draws.below(draws.chance(1, of: 4) ? 240 : 48) : 2 + draws.below(6)
        let share = plan.isFar ? 30 : max(length / count, 5)
        var functions: [FunctionPlan] = [FunctionPlan(kind: .entry, slots: plan.isFar ? length : share * 2)]
        for _ in 1..<count { functions.append(FunctionPlan(kind: .plain, slots: share / 2 + draws.below(share))) }
        // The order of functions does not depend on their callers.
        var order = Array(1..<count)
        for number in order.indices { order.swapAt(number, number + draws.below(order.count - number)) }
        for (number, function) in order.enumerated() {
            let parent = number == 0 || draws.chance(isMany ? 14 : 6, of: 16) ? 0 : order[draws.below(number)]
            adopt(function, parent, kinds, &functions, &draws)
            if chosen.contains(.subprograms) && plan.hasDeadCode { functions[function].isDead = draws.chance(1, of: 4) }
        }
        for function in order.reversed() {
            let cost =
                (functions[function].cost + functions[function].slots) * (functions[function].kind.isCallback ? 3 : 1)
            functions[function].cost = cost
            functions[functions[function].parent].cost += cost
        }
        return functions
    }

    /// Sets the parent of a function, and a kind that the parent can call.
    private func adopt(
        _ function: Int, _ wanted: Int, _ kinds: [FunctionKind], _ functions: inout [FunctionPlan],
        _ draws: inout Draws
    ) {
        var parent = wanted
        if functions[parent].depth > 4 || functions[parent].kind.isCallback && !kinds.contains(.plain) { parent = 0 }
        // Under the lock of a tree, no call is allowed.
        if functions[parent].kind == .lessCallback { parent = 0 }
        var kind = kinds[draws.below(kinds.count)]
        let caller = functions[parent].kind
        if caller.isCallback || kind == .contextual && caller == .plain { kind = .plain }
        // Its object and key are on the stack, of which all frames together have 512 bytes.
        if kind == .lessCallback && functions[parent].depth > 2 { parent = 0 }
        functions[function].kind = kind
        functions[function].parent = parent
        functions[function].depth = functions[parent].depth + 1
        functions[function].nextSibling = functions[parent].firstChild
        functions[parent].firstChild = function
    }

    /// About as long as 16 bits reach, or twice that.
    private func farSlots(_ draws: inout Draws) -> Int {
        draws.chance(1, of: 2) ? 32_500 + draws.below(1500) : 33_000 + draws.below(33_500)
    }

    /// How long a program shall be: mostly some hundred slots, now and then some thousand.
    private func slots(_ draws: inout Draws) -> Int {
        switch draws.below(1536) {
        case 0: 1000 + draws.below(3000)
        case 1...24: 300 + draws.below(700)
        case 25...400: 120 + draws.below(180)
        default: 20 + draws.below(100)
        }
    }
}
