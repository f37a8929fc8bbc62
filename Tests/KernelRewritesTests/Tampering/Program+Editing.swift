import BPF

extension Program {
    /// True if the call at a slot is compiled: its target is in `off`, and the number of its subprogram in `imm`.
    func isCompiled(at slot: Int) -> Bool {
        let insn = insns[slot]
        return insn.jumpKind == .call && subprograms.indices.contains(Int(insn.imm))
            && Int(subprograms[Int(insn.imm)].start) == slot + 1 + Int(insn.off)
    }

    /// The slot that a jump or call leads to; `nil` for other instructions, and for a call that shows no right target.
    func target(at slot: Int) -> Int? {
        let insn = insns[slot]
        switch insn.jumpKind {
        case .none: return nil
        case .call where isCompiled(at: slot): return slot + 1 + Int(insn.off)
        case .call:
            let target = slot + 1 + Int(insn.imm)
            return subprograms.contains { Int($0.start) == target } ? target : nil
        case let kind: return slot + 1 + insn.jumpOffset(kind)
        }
    }

    /// The instruction at a slot with another target; `nil` if its offset does not fit. The number of a call remains.
    func insn(at slot: Int, leadingTo target: Int) -> Instruction? {
        var insn = insns[slot]
        if isCompiled(at: slot) {
            guard let offset = Int16(exactly: target - slot - 1) else { return nil }
            insn.off = offset
            return insn
        }
        return insn.setJumpOffset(target - slot - 1, insn.jumpKind) ? insn : nil
    }

    /// Inserts instructions as they are. Jumps, calls, starts and records keep their instructions; those of the slot itself
    /// lead to the first inserted one.
    mutating func insert(_ new: [Instruction], at place: Int) {
        let targets = insns.indices.map { target(at: $0) }
        move(targets) {
            $0 > place ? $0 + new.count : $0
        } slots: {
            $0 >= place ? $0 + new.count : $0
        }
        insns.insert(contentsOf: new, at: place)
        aux.append(contentsOf: repeatElement(0, count: new.count))
    }

    /// Removes a slot, as the kernel removes one. What led to it leads to the next one.
    mutating func remove(at place: Int) {
        let targets = insns.indices.map { target(at: $0) }
        let hasNext = lines.contains { Int($0.insnOff) == place + 1 }
        if hasNext { lines.removeAll { Int($0.insnOff) == place } }
        move(targets) {
            $0 > place ? $0 - 1 : $0
        } slots: {
            $0 > place ? $0 - 1 : $0
        }
        insns.remove(at: place)
        aux.removeLast()
    }

    /// Moves what points to slots, before the slots themselves are moved.
    private mutating func move(_ targets: [Int?], targets moved: (Int) -> Int, slots: (Int) -> Int) {
        for (slot, target) in targets.enumerated() {
            guard let target else { continue }
            let offset = moved(target) - slots(slot) - 1
            if isCompiled(at: slot) {
                insns[slot].off = Int16(truncatingIfNeeded: offset)
            } else {
                _ = insns[slot].setJumpOffset(offset, insns[slot].jumpKind)
            }
        }
        for row in subprograms.indices { subprograms[row].start = UInt32(moved(Int(subprograms[row].start))) }
        for row in lines.indices { lines[row].insnOff = UInt32(moved(Int(lines[row].insnOff))) }
    }
}
