import BPF
import Patching

/// Makes one edit of a pass malformed.
///
/// The edit breaks at least the requested rule, and may break others.
struct InvalidEditGenerator {
    let input: ProgramImage<InputIndex>
    let pass: PassImage

    /// Breaks a rule in the last edit of a buffer; returns false if the rule does not apply to the edit.
    ///
    /// - Complexity: O(slots) at most
    func breakRule(_ rule: MalformedEdit.Rule, in buffer: PassBuffer, _ draws: inout Draws) -> Bool {
        let number = TableIndex(pass.editCount - 1)
        let edit = unsafe pass.edits[number]
        switch rule {
        case .outside:
            let beyond = UInt32(input.insnCount - min(edit.off.position, input.insnCount)) + 1
            // Directly after the end, or so far that a 32-bit sum wraps.
            let length = draws.chance(1, of: 2) ? beyond : UInt32.max - UInt32(draws.below(4))
            buffer.updateLast { $0.remove = length }
        case .order:
            if pass.editCount < 2 { return false }
            let before = unsafe pass.edits[number + -1]
            buffer.updateLast {
                $0.off = draws.chance(1, of: 2) ? before.off : InputIndex(rawValue: before.off.rawValue / 2)
            }
        case .splitsWideLoad: return splitWide(buffer, &draws)
        case .skipWithoutInsertion:
            if edit.remove == 0 { return false }
            buffer.updateLast { $0.skipFlag = 1 }
        case .nothing:
            buffer.updateLast {
                ($0.remove, $0.patchCount, $0.refCount, $0.keep) = (0, 0, 0, EditRecord.noKeep)
            }
        case .keepWidth:
            let isExact = unsafe edit.remove > 0 && Int(edit.remove) == input.insns[edit.off].width
            if isExact || edit.patchCount == 0 { return false }
            buffer.updateLast { $0.keep = 0 }
        case .keepOutside:
            let isExact = unsafe edit.remove > 0 && Int(edit.remove) == input.insns[edit.off].width
            if !isExact { return false }
            let most = Int(edit.patchCount) + 1 - Int(edit.remove)
            buffer.updateLast { $0.keep = UInt32(max(0, most) + draws.below(2)) }
        case .subprogramInside: return swallowStart(buffer, &draws)
        default: return breakPatch(rule, edit, buffer, &draws)
        }
        return true
    }

    /// Moves the edit's start or end between the slots of a wide load.
    private func splitWide(_ buffer: PassBuffer, _ draws: inout Draws) -> Bool {
        let start = draws.below(input.insnCount)
        for step in 0..<input.insnCount {
            let slot = (start + step) % input.insnCount
            if unsafe !input.insns[InputIndex(slot)].isWide { continue }
            if draws.chance(1, of: 2) {
                buffer.updateLast { ($0.off, $0.remove, $0.keep) = (InputIndex(slot + 1), 1, EditRecord.noKeep) }
            } else {
                buffer.updateLast { ($0.off, $0.remove, $0.keep) = (InputIndex(slot), 1, EditRecord.noKeep) }
            }
            return true
        }
        return false
    }

    /// Extends the edit over a subprogram start.
    private func swallowStart(_ buffer: PassBuffer, _ draws: inout Draws) -> Bool {
        if input.subprogramCount < 2 || pass.edit(pass.editCount - 1).patchCount == 0 { return false }
        let number = 1 + draws.below(input.subprogramCount - 1)
        let start = unsafe Int(input.subprograms[TableIndex(number)].start)
        let off = start - (start > 1 && input.isSecondSlot(InputIndex(start - 1)) ? 2 : 1)
        let end = unsafe start + input.insns[InputIndex(start)].width
        buffer.updateLast {
            ($0.off, $0.remove, $0.keep) = (InputIndex(off), UInt32(end - off), EditRecord.noKeep)
        }
        return true
    }

    /// Breaks a rule about the patch or its refs.
    private func breakPatch(
        _ rule: MalformedEdit.Rule, _ edit: EditRecord, _ buffer: PassBuffer, _ draws: inout Draws
    ) -> Bool {
        if edit.patchCount == 0 { return false }
        let patch = pass.patch(of: edit)
        let slot = PatchIndex(draws.below(Int(edit.patchCount)))
        let isPlain = unsafe !edit.keeps(slot) && !isSecond(slot, patch, edit) && !patch[slot].isWide
        let isFree = isPlain && pass.target(of: slot, in: edit) == nil
        let jump = Instruction(code: Opcode.ja, imm: 1)
        switch rule {
        case .brokenWideLoad:
            if !isFree { return false }
            unsafe patch[slot] = Instruction(code: Opcode.loadImmediate64, imm: 5)
        case .refOutside: buffer.addRef(Ref(from: PatchIndex(rawValue: edit.patchCount), to: edit.off))
        case .refSlot:
            if unsafe isPlain || patch[slot].isWide { return false }
            buffer.addRef(Ref(from: slot, to: InputIndex(0)))
        case .refWithoutJump:
            if unsafe !isFree || patch[slot].jumpKind != .none { return false }
            buffer.addRef(Ref(from: slot, to: InputIndex(0)))
        case .refTwice:
            if edit.refCount == 0 { return false }
            unsafe buffer.addRef(pass.refs[edit.refStart])
        case .refCall:
            if !isFree { return false }
            unsafe patch[slot] = Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: 1)
            buffer.addRef(Ref(from: slot, to: InputIndex(input.insnCount)))
        case .targetOutside:
            if !isFree { return false }
            let beyond = Int(edit.patchCount) - slot.position
            unsafe patch[slot] = jump
            unsafe patch[slot].off = Int16(truncatingIfNeeded: draws.chance(1, of: 2) ? beyond : -slot.position - 2)
        case .targetSecondSlot:
            for target in 1..<max(Int(edit.patchCount), 1)
            where isFree && isSecond(PatchIndex(target), patch, edit) {
                unsafe patch[slot] = jump
                unsafe patch[slot].off = Int16(truncatingIfNeeded: target - slot.position - 1)
                return true
            }
            // There is no wide load, so append the first slot of one.
            buffer.addPatch(Instruction(code: Opcode.loadImmediate64, imm: 5))
            buffer.addPatch(.zero)
            buffer.addPatch(Instruction(code: Opcode.ja, off: -2, imm: 1))
        case .callWithoutRef:
            if !isFree { return false }
            unsafe patch[slot] = Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: 1)
        default: return false
        }
        return true
    }

    private func isSecond(_ slot: PatchIndex, _ patch: UnsafeTypedBuffer<PatchIndex, Instruction>, _ edit: EditRecord)
        -> Bool
    {
        if edit.keeps(slot) { return slot.rawValue > edit.keep }
        return unsafe slot.position > 0 && !edit.keeps(slot + -1) && patch[slot + -1].isWide
    }
}
