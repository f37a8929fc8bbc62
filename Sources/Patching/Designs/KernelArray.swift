import BPF

/// The array of the kernel: every edit moves all that follows it and adjusts every branch at once.
///
/// `patchInsnData` makes room for a patch with one move of the array. Then it walks all instructions and changes the offset
/// of each branch that crosses the change. `removeInsns` closes a gap in the same way. The program is whole after each edit,
/// its tables included, and positions have changed: a caller adds the growth of its edits so far (`delta` in the kernel's
/// rewriting loops).
///
/// Each edit costs a move and a walk of the whole program, and a walk of both tables. The other designs avoid this.
///
/// Departures from the kernel, where SEMANTICS asks for more than the kernel has:
/// - An insertion patches `off` by the new code and then `off` itself. A range replacement removes all but the first slot,
///   then patches that one. An append only adds slots; no caller in the kernel appends.
/// - The kernel's callers compute the offsets of a patch, and of an instruction that they copy into it, for the layout
///   after this one edit. Here refs and `keep` name the targets, and `writePatch` computes the offsets.
/// - The kernel moves the aux word of `off` to the last slot of the patch. Here a kept instruction keeps its word.
/// - A branch past the first slot of a removed range goes to the slot after it. The kernel keeps its offset. `skip` is
///   `adjust_jmp_off`, in the same walk, so that no offset overflows between the two.
/// - A range can remove whole subprograms and the front of the next one, whose start the kernel would compute wrongly.
/// - The kernel looks for an overflow before it changes the program. Here the result is discarded.
/// - The kernel reallocates the array for each patch, and only copies a patch of one slot. Here the room for all patches is
///   reserved once, and no patch is special.
///
/// Like the kernel, it accepts a jump whose target is gone: `refuses` is not among its capabilities.
///
/// - Complexity: O(edits × (slots + refs)) a pass; a patch slot adds O(refs of its edit). A table has at most a row a slot.
/// - Source: Linux 6.12, `bpf_patch_insn_data`, `verifier_remove_insns`, `bpf_adj_branches`, `adjust_jmp_off`
public final class KernelArray: Patcher {
    public let name = "kernel-array"
    public let capabilities = PatcherCapabilities.everything.subtracting(.refuses).union(.stepwise)

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        output.load(input, room: input.insnCount + pass.patchSlots + pass.editCount)
        var program = KernelProgram(pass: pass, input: input, program: output.image())
        var delta = 0
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let off = edit.off.position + delta
            if edit.isDeletion {
                program.removeInsns(off, Int(edit.remove))
            } else if edit.off.position == input.insnCount {
                program.append(edit, number: number)
            } else {
                program.patch(edit, number: number, at: off)
            }
            if program.overflows { return .erange }
            delta += edit.growth
        }
        output.insnCount = program.count
        output.subprogramCount = program.subprogramCount
        output.lineCount = program.lineCount
        return output.insnCount == 0 || output.subprogramCount == 0 ? .einval : .accepted
    }
}

/// The program, whole after every edit; positions are those of the layout of the moment.
private struct KernelProgram {
    let pass: PassImage
    let insns: UnsafeTypedBuffer<OutputIndex, Instruction>
    let aux: UnsafeTypedBuffer<OutputIndex, UInt32>
    let subprograms: UnsafeTypedBuffer<TableIndex, Subprogram>
    let lines: UnsafeTypedBuffer<TableIndex, LineRecord>
    let kinds = JumpKindTable.shared.view
    var count: Int
    var subprogramCount: Int
    var lineCount: Int
    /// True after an offset that does not fit its field.
    var overflows = false

    init(pass: PassImage, input: ProgramImage<InputIndex>, program: ProgramImage<OutputIndex>) {
        self.pass = pass
        (insns, aux, subprograms, lines) = (program.insns, program.aux, program.subprograms, program.lines)
        (count, subprogramCount, lineCount) = (input.insnCount, input.subprogramCount, input.lineCount)
    }

    /// Opens room for `length` slots in place of the one at `off`, and adjusts everything around it.
    ///
    /// - Parameter skip: the number of slots that jumps to `off` go past; calls do not
    /// - Source: Linux 6.12, `bpf_patch_insn_data`; `adjust_jmp_off`
    mutating func patchInsnData(_ off: Int, _ length: Int, skip: Int = 0) {
        move(from: off + 1, to: off + length)
        adjustSubprogramStarts(off, length)
        adjustLines(off, length)
        adjustBranches(off, oldEnd: off + 1, newEnd: off + length, skip: skip)
    }

    /// Removes slots.
    ///
    /// - Source: Linux 6.12, `verifier_remove_insns`
    mutating func removeInsns(_ off: Int, _ removed: Int) {
        adjustSubprogramStartsAfterRemove(off, removed)
        adjustLinesAfterRemove(off, removed)
        move(from: off + removed, to: off)
        adjustBranches(off, oldEnd: off + removed, newEnd: off)
    }

    private mutating func move(from end: Int, to newEnd: Int) {
        unsafe insns.move(count - end, from: OutputIndex(end), to: OutputIndex(newEnd))
        unsafe aux.move(count - end, from: OutputIndex(end), to: OutputIndex(newEnd))
        count += newEnd - end
    }

    /// Changes the offset of every branch that crosses a change: the slots `off..<oldEnd` have become `off..<newEnd`.
    ///
    /// Instructions are at their new positions, and their offsets are still the old ones. The new slots are skipped.
    ///
    /// - Source: Linux 6.12, `bpf_adj_branches`
    private mutating func adjustBranches(_ off: Int, oldEnd: Int, newEnd: Int, skip: Int = 0) {
        let (insns, kinds, growth) = (insns, kinds, newEnd - oldEnd)
        for slot in 0..<count {
            let insn = unsafe insns[OutputIndex(slot)]
            if kinds.count(insn) == 0 || (slot >= off && slot < newEnd) { continue }
            let field = kinds.field(of: insn)
            let old = slot < off ? slot : slot - growth
            var target = old + 1 + field.offset(in: insn)
            if target >= oldEnd {
                target += growth
            } else if target >= off {
                target = off + (target == off && !field.isCall ? skip : 0)
            }
            set(target, field, in: insn, at: slot)
        }
    }

    /// Writes a branch that reaches a slot.
    private mutating func set(_ target: Int, _ field: OffsetField, in insn: Instruction, at slot: Int) {
        let offset = target - slot - 1
        overflows = overflows || !field.fits(offset)
        unsafe insns[OutputIndex(slot)] = field.setting(offset, in: insn)
    }

    /// - Source: Linux 6.12, `adjust_subprog_starts`
    private func adjustSubprogramStarts(_ off: Int, _ length: Int) {
        for number in 0..<subprogramCount where unsafe subprograms[TableIndex(number)].start > off {
            unsafe subprograms[TableIndex(number)].start += UInt32(length - 1)
        }
    }

    /// Drops the subprograms that the range removes whole. One that loses its front starts after the range.
    ///
    /// - Source: Linux 6.12, `adjust_subprog_starts_after_remove`
    private mutating func adjustSubprogramStartsAfterRemove(_ off: Int, _ removed: Int) {
        var kept = 0
        for number in 0..<subprogramCount {
            var subprogram = unsafe subprograms[TableIndex(number)]
            let end = unsafe number + 1 < subprogramCount ? Int(subprograms[TableIndex(number + 1)].start) : count
            if subprogram.start >= off && end <= off + removed { continue }
            if subprogram.start > off { subprogram.start = UInt32(max(off, Int(subprogram.start) - removed)) }
            unsafe subprograms[TableIndex(kept)] = subprogram
            kept += 1
        }
        subprogramCount = kept
    }

    /// - Source: Linux 6.12, `bpf_adj_linfo`
    private func adjustLines(_ off: Int, _ length: Int) {
        for number in 0..<lineCount where unsafe lines[TableIndex(number)].insnOff > off {
            unsafe lines[TableIndex(number)].insnOff += UInt32(length - 1)
        }
    }

    /// Drops the records in the range. The slot after it inherits the last of them if it has none.
    ///
    /// - Source: Linux 6.12, `bpf_adj_linfo_after_remove`
    private mutating func adjustLinesAfterRemove(_ off: Int, _ removed: Int) {
        let end = off + removed
        var first = 0
        while unsafe first < lineCount && lines[TableIndex(first)].insnOff < off { first += 1 }
        var next = first
        while unsafe next < lineCount && lines[TableIndex(next)].insnOff < end { next += 1 }
        let hasOwn = unsafe next < lineCount && lines[TableIndex(next)].insnOff == end
        if next > first && end < count && !hasOwn {
            next -= 1
            unsafe lines[TableIndex(next)].insnOff = UInt32(end)
        }
        for number in next..<lineCount {
            var line = unsafe lines[TableIndex(number)]
            line.insnOff -= UInt32(removed)
            unsafe lines[TableIndex(first + number - next)] = line
        }
        lineCount -= next - first
    }

    /// Carries out an edit with a patch, as the kernel's callers do; the second slot is that of a kept wide load.
    mutating func patch(_ edit: EditRecord, number: Int, at off: Int) {
        let length = Int(edit.patchCount) + (edit.isInsertion ? 1 : 0)
        let keeps = edit.keep != EditRecord.noKeep
        let second = unsafe (insns[OutputIndex(off + 1)], aux[OutputIndex(off + 1)])
        if edit.remove > 1 { removeInsns(off + 1, Int(edit.remove) - 1) }
        let (original, word) = unsafe (insns[OutputIndex(off)], aux[OutputIndex(off)])
        patchInsnData(off, length, skip: edit.skip ? Int(edit.patchCount) : 0)
        writePatch(edit, number: number, at: off)
        let kept = off + (keeps ? Int(edit.keep) : length - 1)
        unsafe aux[OutputIndex(kept)] = word
        if !edit.isInsertion && !keeps { return }
        unsafe insns[OutputIndex(kept)] = original
        if kinds.count(original) != 0 {
            let field = kinds.field(of: original)
            var target = off + 1 + field.offset(in: original)
            if target > off { target += length - 1 }
            if target == off && edit.skip && !field.isCall { target = kept }
            set(target, field, in: original, at: kept)
        }
        if edit.remove == 2 { unsafe (insns[OutputIndex(kept + 1)], aux[OutputIndex(kept + 1)]) = second }
    }

    /// Adds code to the end of the program. No caller in the kernel does.
    mutating func append(_ edit: EditRecord, number: Int) {
        count += Int(edit.patchCount)
        writePatch(edit, number: number, at: count - Int(edit.patchCount))
    }

    /// Writes a patch with words of 0, and computes the offsets of its refs for the layout after this edit.
    private mutating func writePatch(_ edit: EditRecord, number: Int, at off: Int) {
        let patch = pass.patch(of: edit)
        for position in 0..<Int(edit.patchCount) where !edit.keeps(PatchIndex(position)) {
            let insn = unsafe patch[PatchIndex(position)]
            let slot = off + position
            unsafe (insns[OutputIndex(slot)], aux[OutputIndex(slot)]) = (insn, 0)
            if let ref = pass.target(of: PatchIndex(position), in: edit) {
                let field = kinds.field(of: insn)
                set(self.position(of: ref, after: number, isCall: field.isCall), field, in: insn, at: slot)
            }
        }
    }

    /// The position of an input slot after the edits up to and including one, found by a walk of these edits.
    private func position(of target: InputIndex, after number: Int, isCall: Bool) -> Int {
        var target = target
        var delta = 0
        for earlier in 0...number {
            let edit = pass.edit(earlier)
            if edit.off > target { break }
            if edit.isDeletion {
                target = max(target, edit.end)
            } else if edit.off == target {
                delta += edit.skip && !isCall ? Int(edit.patchCount) : 0
                break
            }
            delta += edit.growth
        }
        return target.position + delta
    }
}
