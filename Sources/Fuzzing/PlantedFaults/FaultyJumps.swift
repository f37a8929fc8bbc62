import BPF
import Patching

/// The detection and landing of jumps, for ``FaultyPatcher``.
struct FaultyJumps {
    /// The reference on instructions as the faulty patcher decodes them.
    private let reference: Reference
    private let layout: Reference.Layout
    private let fault: RuleFault?

    init(_ right: Reference, _ layout: Reference.Layout, _ fault: RuleFault?) {
        var (program, edits) = (right.program, right.edits)
        for slot in program.insns.indices where fault != nil {
            program.insns[slot] = fault.disguised(program.insns[slot], isOfPatch: false)
            let isTaken = fault == .secondSlotTakenForJump && right.isSecond(slot)
            if isTaken && program.insns[slot - 1].src == Opcode.pseudoFunction {
                program.insns[slot].code = Opcode.call
                program.insns[slot].src = Opcode.pseudoCall
            }
        }
        for number in edits.indices where fault != nil {
            edits[number].patch = edits[number].patch.map { fault.disguised($0, isOfPatch: true) }
            if fault == .skipForgotten { edits[number].skip = false }
        }
        reference = Reference(Pass(edits: edits), on: program)
        self.layout = layout
        self.fault = fault
    }

    /// The target of a slot of the result; `nil` if the fault hides the jump or leaves its offset unchanged.
    func jump(of origin: Reference.Origin) -> (Reference.Jump, Reference.OffsetField)? {
        guard let field = reference.instruction(of: origin).offsetField,
            let jump = reference.jump(of: origin, in: layout)
        else { return nil }
        if case .nothing = jump.target, fault == .appendLeaves { return nil }
        guard case .input(let slot) = origin, case .input(let t, _) = jump.target else { return (jump, field) }
        let isKept = reference.edits.contains { $0.keep != nil && $0.off.position <= slot && slot < $0.end }
        switch fault {
        case .keptStays where isKept, .keptBackwardStays where isKept && t <= slot: return nil
        case .backJumpStrict where field != .callee && t < slot && edit(at: t).map { !$0.patch.isEmpty } == true:
            return nil
        default: return (jump, field)
        }
    }

    /// The edit that starts at a slot.
    private func edit(at slot: Int) -> Edit? { reference.edits.first { $0.off.position == slot } }

    /// The edit that replaces or deletes a slot past its first.
    private func edit(holding slot: Int) -> Edit? {
        reference.edits.first { $0.off.position < slot && slot < $0.end }
    }

    /// The slot of the result where a jump or call lands; `nil` for `EINVAL`.
    func landing(of jump: Reference.Jump, from origin: Reference.Origin) -> Int? {
        guard case .input(let t, let home) = jump.target else { return reference.landing(of: jump, in: layout) }
        switch origin {
        case .input(let slot): return landing(of: t, jump.isCall, fromInput: slot)
        case .patch(let number, let index):
            if jump.isCall { return landing(of: t, home, isCall: true) }
            let edit = reference.edits[number]
            let isRef = edit.refs.contains { $0.from.position == index }
            return isRef ? landing(of: t, home, byRefOf: edit) : landing(of: t, home, leaving: edit)
        }
    }

    private func landing(of t: Int, _ isCall: Bool, fromInput slot: Int) -> Int? {
        // Targets outside the program move with its ends.
        if t < 0 { return t }
        if t >= reference.count { return t - reference.count + layout.origins.count }
        let isMayGoto = reference.program.insns[slot].code == Opcode.mayGoto
        let entersInsertion = isCall || (isMayGoto && fault == .skipForgottenForMayGoto)
        let landing = landing(of: t, reference.subprogram(of: t), isCall: entersInsertion)
        if fault == .forwardJumpToLast, let landing, !isCall, t > slot, let edit = edit(at: t), edit.remove > 0 {
            return landing + max(edit.patch.count - 1, 0)
        }
        return landing
    }

    private func landing(of t: Int, _ home: Int, byRefOf edit: Edit) -> Int? {
        switch fault {
        case .refOffByOne: landing(of: t + 1, home, isCall: false)
        case .refLeavesSubprogram: landing(of: t, reference.subprogram(of: t), isCall: false)
        case .skipNotForOwnJumps where edit.skip && t == edit.off.position: landing(of: t, home, isCall: true)
        default: landing(of: t, home, isCall: false)
        }
    }

    private func landing(of t: Int, _ home: Int, leaving edit: Edit) -> Int? {
        let next = self.edit(at: t)
        let isSkipped = fault == .leavingSkipsInsertion && next?.remove == 0 && t < reference.count
        let home = fault == .leavingLeavesSubprogram ? reference.subprogram(of: t) : home
        let landing = landing(of: t, home, isCall: false)
        return landing != nil && isSkipped ? layout.slots[t] : landing
    }

    /// The landing, with the faults of all jumps and calls.
    private func landing(of t: Int, _ home: Int, isCall: Bool) -> Int? {
        var (t, home) = (t, home)
        switch fault {
        case .skipForCalls: return reference.landing(of: t, home: home, isCall: false, in: layout)
        case .jumpToKept:
            if !isCall, let edit = edit(at: t), edit.keep != nil, reference.subprogram(of: t) == home {
                return layout.slots[t]
            }
        case .interiorSlides:
            guard !isCall, let edit = edit(holding: t), edit.patch.isEmpty else { break }
            let slid = edit.end + t - edit.off.position
            if slid < reference.count && reference.subprogram(of: slid) == home { t = slid }
        case .replacedInterior:
            if !isCall, let edit = edit(holding: t), !edit.patch.isEmpty { t = edit.off.position }
        case .deletionCrossesSubprogram:
            if reference.subprogram(of: t) != home { return nil }
            while let edit = edit(at: t) ?? edit(holding: t), edit.patch.isEmpty, edit.end < reference.count {
                t = edit.end
                home = reference.subprogram(of: t)
            }
        default: break
        }
        return reference.landing(of: t, home: home, isCall: isCall, in: layout)
    }
}

extension RuleFault? {
    /// Replaces an instruction so that the reference decodes it as a patcher with this fault would.
    fileprivate func disguised(_ insn: Instruction, isOfPatch: Bool) -> Instruction {
        let field = insn.offsetField
        var (jump, call, load, none) = (insn, insn, insn, insn)
        jump.code = Opcode.ja
        call.src = Opcode.pseudoCall
        load.src = 0
        none.code = Opcode.movImmediate64
        switch (self, insn.code) {
        case (.pseudoFunctionForgotten, Opcode.loadImmediate64): return load
        case (.callForgotten, Opcode.call): return field != nil ? none : insn
        case (.helperTakenForCall, Opcode.call): return insn.src == 0 && !isOfPatch ? call : insn
        case (.kfuncTakenForCall, Opcode.call): return insn.src == 2 && !isOfPatch ? call : insn
        case (.exitTakenForJump, Opcode.exit), (.gotoxTakenForJump, 0x0d), (.gotolOff, Opcode.gotol): return jump
        case (.jaForgotten, Opcode.ja), (.gotolForgotten, Opcode.gotol), (.mayGotoForgotten, Opcode.mayGoto):
            return none
        case (.mayGotoBackwardForgotten, Opcode.mayGoto): return insn.off < 0 ? none : insn
        case (.conditional32Forgotten, _): return field == .off && insn.code & 7 == 6 ? none : insn
        case (.unnamedJumpForgotten, _):
            return field == .off && insn.code >> 4 > 13 && insn.code != Opcode.mayGoto ? none : insn
        default: return insn
        }
    }
}
