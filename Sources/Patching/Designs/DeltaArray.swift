import BPF

/// A sorted array of (offset, count, delta), and one pass over the program at the end.
///
/// `addPatch` appends an edit to an array that doubles when it is full. All other work is done by `applyPatches`.
/// It copies the program and the patches to the result, in order. An instruction of the input with number `pc` moves by
/// the delta of the last entry before it. The target of a jump moves in the same way, so the new offset is
/// `target + delta(target) - (pc + delta(pc)) - 1`. The array is sorted because edits arrive in order, so `delta` is a
/// binary search.
///
/// It costs twelve bytes for each edit, one copy of each slot, and a search of log(edits) steps for each jump.
///
/// Departures from the proposal, in which one instruction becomes several:
/// - An edit removes any number of slots, or none. The entry of a deletion has the count 0, and `lookUp` continues from a
///   target in the deleted range to the slot after it. An insertion grows the program by its whole patch.
/// - The patches stay where the caller has them; the proposal copies them to a second array that doubles. An entry does not
///   hold the number of removed slots, nor the `skip` flag of an insertion, so `lookUp` reads the edit of that number too.
/// - The delta at the jump itself needs no search: the loop over the program has it.
/// - A jump in a patch has its offset within the patch, or names an instruction of the input by a ref. The proposal adjusts
///   patch instructions like those of the input, as if they were at `offset + j`.
/// - The proposal changes `off` of every instruction of class `JMP`, and nothing else. Here the jump kind selects the field,
///   and an overflow is an error.
/// - Subprogram starts and line records, which the proposal does not mention, are relocated at the end.
///
/// - Complexity: O(slots + edits + jumps × log edits) a pass. A jump to deleted slots adds O(log subprograms) for each
///   deletion that follows its target without a gap; a jump or call of a patch adds O(refs of its edit + log subprograms).
/// - Source: Zingerman, June 2022 (`bpf_patching_state`, `lookup_delta_for_index`)
public final class DeltaArray: Patcher {
    public let name = "delta-array"
    private let patches = UncheckedBox(Scratch<PatchingState.Entry>(capacity: 2))

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        output.reserve(
            insns: input.insnCount + pass.patchSlots, subprograms: input.subprogramCount, lines: input.lineCount)
        var count = 0
        for number in 0..<pass.editCount {
            unsafe patches.value.reserve(count + 1, keeping: count)
            unsafe PatchingState.addPatch(pass.edit(number), to: patches.value.buffer(), &count)
        }
        var state = unsafe PatchingState(
            pass: pass, input: input, result: output.image(), patches: patches.value.buffer())
        state.applyPatches()
        return output.conclude(pass, on: input, state.errors.status, insns: state.at.position)
    }
}

/// The array, and the result as far as it is written.
private struct PatchingState {
    /// An entry of the array.
    struct Entry: BitwiseCopyable {
        /// The input slot at which the edit starts.
        var offset: InputIndex
        /// The number of slots of the patch.
        var count: UInt32
        /// The growth of the program by this edit and all before it; negative if it shrinks.
        var delta: Int32
    }

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let patches: UnsafeTypedBuffer<TableIndex, Entry>
    let kinds = JumpKindTable.shared.view
    /// The slot of the result that is written next.
    var at = OutputIndex(0)
    var errors = LayoutErrors()

    // MARK: The array

    /// Adds an edit to the end of the array, which has room for it.
    static func addPatch(_ edit: EditRecord, to patches: UnsafeTypedBuffer<TableIndex, Entry>, _ count: inout Int) {
        let before = unsafe count == 0 ? 0 : patches[TableIndex(count - 1)].delta
        unsafe patches[TableIndex(count)] = Entry(
            offset: edit.off, count: edit.patchCount, delta: before + Int32(edit.growth))
        count += 1
    }

    /// The last entry whose offset is at or before a slot; -1 if there is none.
    ///
    /// - Complexity: O(log edits)
    @inline(__always)
    private func lastPatch(at slot: InputIndex) -> Int {
        var low = -1
        var high = pass.editCount
        while high - low > 1 {
            let middle = (low + high) >> 1
            if unsafe patches[TableIndex(middle)].offset <= slot { low = middle } else { high = middle }
        }
        return low
    }

    /// The slot of the result that a jump or call to an input slot reaches, or `nil`.
    private func lookUp(_ target: InputIndex, isCall: Bool) -> OutputIndex? {
        var number = lastPatch(at: target)
        let oldTarget = target
        var target = target
        // Past deleted slots, to the slot after them in the same subprogram.
        while number >= 0, unsafe patches[TableIndex(number)].count == 0, target < pass.edit(number).end {
            target = pass.edit(number).end
            if target.position >= input.end(of: input.subprogram(holding: oldTarget)) { return nil }
            if unsafe number + 1 < pass.editCount && patches[TableIndex(number + 1)].offset == target { number += 1 }
        }
        if number < 0 { return OutputIndex(rawValue: target.rawValue) }
        let patch = unsafe patches[TableIndex(number)]
        if patch.offset == target && patch.count > 0 {
            // The delta of an entry is for the slots after it. The target is the first slot of the patch.
            let before = unsafe number == 0 ? 0 : patches[TableIndex(number - 1)].delta
            let edit = pass.edit(number)
            return moved(target, by: before + (edit.skip && !isCall ? Int32(patch.count) : 0))
        }
        // Of a replaced range, only the first slot is a valid target.
        return target < pass.edit(number).end ? nil : moved(target, by: patch.delta)
    }

    private func moved(_ target: InputIndex, by delta: Int32) -> OutputIndex {
        OutputIndex(rawValue: target.rawValue &+ UInt32(bitPattern: delta))
    }

    // MARK: The pass

    /// Copies the program and the patches to the result, with new offsets.
    mutating func applyPatches() {
        var slot = InputIndex(0)
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            copy(from: slot, to: edit.off)
            copyPatch(of: edit)
            slot = edit.end
        }
        copy(from: slot, to: InputIndex(input.insnCount))
    }

    @inline(__always)
    private mutating func copy(from start: InputIndex, to end: InputIndex) {
        var slot = start
        while slot < end {
            patchAndCopy(slot)
            slot = slot + 1
        }
    }

    /// Copies an instruction of the input; a jump keeps its target.
    @inline(__always)
    private mutating func patchAndCopy(_ slot: InputIndex) {
        let insn = unsafe input.insns[slot]
        if kinds.count(insn) == 0 {
            unsafe write(insn, input.aux[slot])
            return
        }
        let field = kinds.field(of: insn)
        let target = InputIndex(slot.position + 1 + field.offset(in: insn))
        let newTarget = lookUp(target, isCall: field.isCall)
        unsafe write(errors.pointing(insn, field, at: at, to: newTarget), input.aux[slot])
    }

    private mutating func copyPatch(of edit: EditRecord) {
        let patch = pass.patch(of: edit)
        var own = PatchIndex(0)
        while own.rawValue < edit.patchCount {
            if edit.keeps(own) {
                patchAndCopy(edit.off + (own.position - Int(edit.keep)))
            } else if unsafe kinds.count(patch[own]) == 0 {
                unsafe write(patch[own], 0)
            } else {
                unsafe patchAndCopy(patch[own], own, of: edit)
            }
            own = own + 1
        }
        if edit.passesWordOn { unsafe result.aux[at + -1] = input.aux[edit.off] }
    }

    /// Copies a jump or call of a patch.
    private mutating func patchAndCopy(_ insn: Instruction, _ own: PatchIndex, of edit: EditRecord) {
        let field = kinds.field(of: insn)
        switch pass.patchTarget(of: insn, field, at: own, in: edit, on: input) {
        case .asWritten: write(insn, 0)
        case .input(let target):
            write(errors.pointing(insn, field, at: at, to: lookUp(target, isCall: field.isCall)), 0)
        case .nothing: write(errors.pointing(insn, field, at: at, to: nil), 0)
        }
    }

    @inline(__always)
    private mutating func write(_ insn: Instruction, _ word: UInt32) {
        unsafe result.insns[at] = insn
        unsafe result.aux[at] = word
        at = at + 1
    }
}
