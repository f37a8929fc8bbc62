import BPF
import Patching

/// The row of instructions and aux words that ``FaultyPatcher`` writes.
struct FaultyRow {
    let landings: FaultyLandings
    let fault: Fault?
    private(set) var insns: [Instruction] = []
    private(set) var aux: [UInt32] = []
    private(set) var isDangling = false
    private(set) var overflows = false

    init(landings: FaultyLandings, fault: Fault?) {
        self.landings = landings
        self.fault = fault
    }

    private var program: Program { landings.program }

    /// Writes everything.
    mutating func write() {
        insns.reserveCapacity(landings.length)
        aux.reserveCapacity(landings.length)
        var slot = 0
        for edit in landings.edits {
            while slot < edit.off.position {
                survive(slot, keptBy: nil)
                slot += 1
            }
            patch(edit)
            slot += Int(edit.remove)
        }
        while slot < program.insns.count {
            survive(slot, keptBy: nil)
            slot += 1
        }
        aux.removeLast(aux.count - insns.count)
        if fault == .auxStays {
            for place in aux.indices { aux[place] = place < program.aux.count ? program.aux[place] : 0 }
        }
    }

    private mutating func survive(_ slot: Int, keptBy edit: Edit?) {
        let insn = program.insns[slot]
        let field = fault.field(of: insn)
        var word = program.aux[slot]
        if edit != nil && fault == .auxOfKeptLost { word = 0 }
        aux.append(word)
        if fault == .secondSlotTakenForJump, slot > 0, program.insns[slot - 1].isWide,
            program.insns[slot - 1].src == Opcode.pseudoFunction
        {
            return reach(insn, .callee, landings.landing(slot + 1 + Int(insn.imm), isCall: true))
        }
        let target = slot + 1 + insn.offset(field)
        let isBackward = target <= slot
        if edit != nil && (fault == .keptStays || (fault == .keptBackwardStays && isBackward)) {
            insns.append(insn)
            return
        }
        var landing = landings.landing(target, isCall: field == .callee)
        if field == .off || field == .imm {
            landing = bent(landing, target, insn, isBackward: isBackward, from: slot)
        }
        reach(insn, field, landing)
    }

    /// The landing of a jump of the program with the faults that concern only some jumps.
    private func bent(_ landing: Int, _ target: Int, _ insn: Instruction, isBackward: Bool, from slot: Int) -> Int {
        switch fault {
        case .backJumpStrict where isBackward && target < slot:
            guard let edit = landings.edit(at: target), !edit.patch.isEmpty else { return landing }
            // The offset stays as it was.
            return insns.count + 1 + target - slot - 1
        case .forwardJumpToLast where !isBackward:
            guard let edit = landings.edit(at: target), edit.remove > 0, edit.patch.count > 1 else { return landing }
            return landing + edit.patch.count - 1
        case .skipForgottenForMayGoto where insn.code == Opcode.mayGoto:
            guard let edit = landings.edit(at: target), edit.skip else { return landing }
            return landings.calls[target]
        default: return landing
        }
    }

    /// Writes a jump to a landing, or anything that is none.
    private mutating func reach(_ insn: Instruction, _ field: FaultyField, _ landing: Int) {
        var insn = insn
        let offset = landing - insns.count - 1
        if field != .none && landing == FaultyLandings.nothing { isDangling = true }
        switch field {
        case .none: break
        case .off:
            if !fault.fits(offset) { overflows = true }
            insn.off = Int16(truncatingIfNeeded: offset)
        case .imm:
            if fault == .rangeOfGotol && Int(Int16(truncatingIfNeeded: offset)) != offset { overflows = true }
            insn.imm = Int32(truncatingIfNeeded: offset)
        case .callee: insn.imm = Int32(truncatingIfNeeded: offset)
        }
        insns.append(insn)
    }

    private mutating func patch(_ edit: Edit) {
        let first = insns.count
        let off = edit.off.position
        var slot = 0
        while slot < edit.patch.count {
            if let keep = edit.keep, keep.position == slot {
                for step in 0..<Int(edit.remove) { survive(off + step, keptBy: edit) }
                slot += Int(edit.remove)
                continue
            }
            let insn = edit.patch[slot]
            aux.append(fault == .auxNotZeroed && off < program.aux.count ? program.aux[off] : 0)
            write(insn, slot, of: edit)
            slot += 1
            if insn.isWide {
                insns.append(edit.patch[slot])
                aux.append(0)
                slot += 1
            }
        }
        if edit.remove == 0 || edit.keep != nil || edit.patch.isEmpty { return }
        if fault != .auxLastLost { aux[fault == .auxOnFirst ? first : aux.count - 1] = program.aux[off] }
        if fault == .auxShiftedByLength { aux.append(0) }
    }

    /// Writes an instruction that a patch brings.
    private mutating func write(_ insn: Instruction, _ slot: Int, of edit: Edit) {
        let field = fault.field(of: insn)
        let target = slot + 1 + insn.offset(field)
        let off = edit.off.position
        let isAppend = off == program.insns.count
        if let ref = edit.refs.first(where: { $0.from.position == slot }) {
            let to = ref.to.position + (fault == .refOffByOne && field != .callee ? 1 : 0)
            if field == .callee { return reach(insn, field, landings.landing(to, isCall: true)) }
            var landing = landings.landing(to, of: edit, checksHome: fault != .refLeavesSubprogram)
            if fault == .skipNotForOwnJumps && edit.skip && to == off && !isAppend { landing = landings.calls[to] }
            return reach(insn, field, landing)
        }
        let leaves = (field == .off || field == .imm) && target == edit.patch.count
        if !leaves || (edit.remove == 0 && !isAppend) || (isAppend && fault == .appendLeaves) {
            insns.append(insn)
            return
        }
        let end = off + Int(edit.remove)
        var landing = landings.landing(end, of: edit, checksHome: fault != .leavingLeavesSubprogram)
        if fault == .leavingSkipsInsertion, let next = landings.edit(at: end), next.remove == 0, landing >= 0 {
            landing = landings.own[end]
        }
        reach(insn, field, landing)
    }
}
