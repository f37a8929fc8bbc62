import BPF
import KernelRewrites

/// Lists the changes of one result.
struct Tamperer {
    let right: Program
    let slots: RewrittenSlots
    private(set) var changes: [Change] = []

    init(_ right: Program, _ slots: RewrittenSlots) {
        self.right = right
        self.slots = slots
        for slot in right.insns.indices where slot == 0 || !right.insns[slot - 1].isWide {
            switch right.insns[slot].jumpKind {
            case .none: break
            case .short, .long: addJump(slot)
            case .call: addCall(slot)
            case .function: addFunction(slot)
            }
        }
        addHelpers()
        addStarts()
        addLines()
        addRemovals()
        for patch in slots.patches {
            var values = PatchValues(
                right, patch.rewrite, input: slots.program, slots: patch.input, result: patch.result)
            values.list()
            changes += values.changes
        }
    }

    private mutating func add(
        _ kind: Change.Kind, _ place: Change.Place, _ edit: Change.Edit, in rewrite: Rewrite? = nil
    ) {
        changes.append(Change(kind: kind, place: place, rewrite: rewrite, edit: edit))
    }

    // MARK: Jumps and calls

    private mutating func addJump(_ slot: Int) {
        guard let target = right.target(at: slot) else { return }
        var amounts: Set<Int> = [1, -1, 2, -2, 3, -3, 7, -7]
        // From the first slot of a patch to its last one, from its end to its start, and not adjusted for one between.
        if let length = slots.length(from: target) { amounts.formUnion([length - 1, length]) }
        if let length = slots.length(to: target) { amounts.formUnion([-length, 1 - length]) }
        let between = min(slot, target)..<max(slot, target)
        if let patch = slots.patches.first(where: { between.contains($0.result.lowerBound) }) {
            let growth = patch.result.count - patch.input.count
            amounts.formUnion([growth, -growth])
        }
        if let run = slots.removed.first(where: { between.contains($0.place) }) {
            amounts.formUnion([run.input.count, -run.input.count])
        }
        amounts.remove(0)
        for amount in amounts.sorted() {
            guard let insn = right.insn(at: slot, leadingTo: target + amount) else { continue }
            add(.jump, slots.place(slot, target), .slots([(slot, insn)]), in: slots.patch(at: slot)?.rewrite)
        }
    }

    /// The subprograms beside one, as other targets.
    private func others(than target: Int) -> [Int] {
        guard let row = right.subprograms.firstIndex(where: { Int($0.start) == target }) else { return [] }
        return [row - 1, row + 1].filter(right.subprograms.indices.contains)
    }

    private mutating func addCall(_ slot: Int) {
        guard let target = right.target(at: slot) else { return }
        let place = slots.place(slot, target)
        for amount in [1, -1, 2, -2] {
            guard let insn = right.insn(at: slot, leadingTo: target + amount) else { continue }
            add(.call, place, .slots([(slot, insn)]))
        }
        let isCompiled = right.isCompiled(at: slot)
        for row in others(than: target) {
            guard var insn = right.insn(at: slot, leadingTo: Int(right.subprograms[row].start)) else { continue }
            if isCompiled { insn.imm = Int32(row) }
            add(.call, place, .slots([(slot, insn)]))
            if !isCompiled { continue }
            var number = right.insns[slot]
            number.imm = Int32(row)
            add(.call, place, .slots([(slot, number)]))
        }
    }

    private mutating func addFunction(_ slot: Int) {
        guard let target = right.target(at: slot), slot + 1 < right.insns.count else { return }
        let place = slots.place(slot, target)
        let second = right.insns[slot + 1]
        for amount in [1, -1, 2, -2] {
            guard let insn = right.insn(at: slot, leadingTo: target + amount) else { continue }
            add(.function, place, .slots([(slot, insn)]))
        }
        for row in others(than: target) {
            guard let insn = right.insn(at: slot, leadingTo: Int(right.subprograms[row].start)) else { continue }
            var number = second
            number.imm = Int32(row)
            add(.function, place, .slots([(slot, insn), (slot + 1, number)]))
            add(.function, place, .slots([(slot + 1, number)]))
        }
    }

    /// Calls of helpers that are not rewritten: one goes elsewhere.
    private mutating func addHelpers() {
        for (slot, insn) in right.insns.enumerated() where insn.code == Opcode.call && insn.src == 0 {
            if slots.patch(at: slot) != nil || slot > 0 && right.insns[slot - 1].isWide { continue }
            for amount in [16, -64] as [Int32] {
                var other = insn
                other.imm &+= amount
                add(.helper, slots.place(slot), .slots([(slot, other)]))
            }
        }
    }

    // MARK: Tables

    private mutating func addStarts() {
        for (row, subprogram) in right.subprograms.enumerated().dropFirst() {
            let place = slots.place(Int(subprogram.start), Int(subprogram.start))
            var amounts: Set<Int> = [1, -1, 2, -2]
            if let length = slots.length(from: Int(subprogram.start)) { amounts.insert(length - 1) }
            amounts.remove(0)
            for amount in amounts.sorted() {
                var other = subprogram
                other.start = UInt32(Int(subprogram.start) + amount)
                add(.start, place, .start(row: row, other))
            }
            var other = subprogram
            other.id += 1
            add(.start, place, .start(row: row, other))
            add(.start, place, .start(row: row, nil))
        }
    }

    private mutating func addLines() {
        for (row, line) in right.lines.enumerated() {
            let slot = Int(line.insnOff)
            let place = slots.place(slot, slot)
            var amounts: Set<Int> = [1, -1, 2, -2]
            if let length = slots.length(from: slot) { amounts.formUnion([length - 1, length]) }
            if let length = slots.length(to: slot) { amounts.insert(-length) }
            amounts.remove(0)
            for amount in amounts.sorted() where slot + amount >= 0 {
                add(.line, place, .line(row: row, LineRecord(insnOff: UInt32(slot + amount), id: line.id)))
            }
            add(.line, place, .line(row: row, LineRecord(insnOff: line.insnOff, id: line.id + 1)))
            add(.line, place, .line(row: row, nil))
        }
    }

    // MARK: Removal

    private mutating func addRemovals() {
        let insns = slots.program.program.insns
        for run in slots.removed {
            let place = slots.place(run.place, run.place)
            for count in Set([1, run.input.count / 2, run.input.count]) where count > 0 {
                let first = run.input.upperBound - count
                // Half a wide load is no program.
                if first > 0 && insns[first - 1].isWide { continue }
                add(.removal, place, .left(slot: run.place, Array(insns[first..<run.input.upperBound])))
            }
            for slot in [run.place, run.place - 1] where canRemove(slot) { add(.removal, place, .removed(slot: slot)) }
        }
    }

    private func canRemove(_ slot: Int) -> Bool {
        guard slot > 0, slot < right.insns.count - 1 else { return false }
        let isStart = right.subprograms.contains { Int($0.start) == slot || Int($0.start) == slot + 1 }
        return !isStart && !right.insns[slot].isWide && !right.insns[slot - 1].isWide
    }
}
