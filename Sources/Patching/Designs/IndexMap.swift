import BPF

/// A tail of new instructions for each slot, and a map from each slot to its index in the result.
///
/// The program stays an array in which every slot can have a tail: the code that an edit puts in its place. Until the
/// last edit, offsets count original slots, so that an edit costs its own length. Then one prefix sum over the lengths
/// computes the new index of every slot. A jump to slot t has the offset `map[t] - at - 1`, where `at` is the jump's
/// own index in the result. The proposal has `map[c]` for a jump from slot c, but a kept jump need not be first in its tail.
///
/// It costs four bytes for the tail and eight of map for each slot, and a walk over all slots for each of the three steps:
/// `attachTails`, `makeMap`, `write`. A lookup is one load.
///
/// Departures from the proposal, in which a slot only grows:
/// - A tail is the number of an edit, whose patch stays where the caller has it. The proposal has a list of instructions.
/// - A deleted slot has the length 0. A walk from the end, `mapDeletedSlots`, maps it to the indices of the next slot of its
///   subprogram, or `nowhere` if there is none. `makeMap` marks slots past the first of a replaced range as `nowhere`.
/// - Code inserted before a slot belongs to the slot's tail. The map has an index for jumps and one for calls, since a jump
///   may skip that code and a call enters it. An append is the tail of one slot more, after the last.
/// - A jump in a patch has its offset within the patch, or names an instruction of the input by a ref.
/// - Subprogram starts and line records, which the proposal does not mention, are relocated at the end.
///
/// - Complexity: O(slots + edits) a pass; a jump or call of a patch adds O(refs of its edit + log subprograms)
/// - Source: Cree and Starovoitov, April to June 2019
public final class IndexMap: Patcher {
    /// Memory of a pass, kept for the whole run.
    private struct Memory: ~Copyable {
        var tails = Scratch<UInt32>()
        var map = Scratch<TailedProgram.NewIndices>()
    }

    public let name = "index-map"
    private let memory = UncheckedBox(Memory())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        output.reserve(
            insns: input.insnCount + pass.patchSlots, subprograms: input.subprogramCount, lines: input.lineCount)
        var program = unsafe TailedProgram(
            pass: pass, input: input, result: output.image(),
            // An append is the tail of the slot after the last.
            tails: memory.value.tails.buffer(repeating: TailedProgram.itself, count: input.insnCount + 1),
            map: memory.value.map.buffer(reserving: input.insnCount + 1))
        program.attachTails()
        program.makeMap()
        program.write()
        return output.conclude(pass, on: input, program.errors.status, insns: program.at.position)
    }
}

/// The program with a tail for each slot, its map, and the result as far as it is written.
private struct TailedProgram {
    /// The indices in the result that jumps to a slot reach, and calls to it.
    struct NewIndices: BitwiseCopyable {
        var jump: OutputIndex
        var call: OutputIndex
    }

    /// In the map: nothing is left of the slot.
    private static let nowhere = OutputIndex(rawValue: .max)

    /// In ``tails``: the slot as it is, a deleted slot, a slot past the first of a replaced range; other numbers are one
    /// more than that of the edit whose patch is the tail.
    static let (itself, deleted, replaced) = (UInt32(0), UInt32.max, UInt32.max - 1)

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let kinds = JumpKindTable.shared.view
    let tails: UnsafeTypedBuffer<InputIndex, UInt32>
    let map: UnsafeTypedBuffer<InputIndex, NewIndices>
    var hasDeletions = false
    /// The slot of the result that is written next.
    var at = OutputIndex(0)
    var errors = LayoutErrors()

    // MARK: Tails

    /// Attaches each edit's patch to the slot at which it starts.
    mutating func attachTails() {
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let rest = edit.isDeletion ? Self.deleted : Self.replaced
            hasDeletions = hasDeletions || edit.isDeletion
            unsafe tails.fill(Int(edit.remove), from: edit.off, with: rest)
            if !edit.isDeletion { unsafe tails[edit.off] = UInt32(number + 1) }
        }
    }

    // MARK: The map

    /// Computes the new indices of every slot: the prefix sum of all lengths before it.
    func makeMap() {
        var next = OutputIndex(0)
        var slot = InputIndex(0)
        while slot.position <= input.insnCount {
            unsafe map[slot] = NewIndices(jump: next, call: next)
            switch unsafe tails[slot] {
            case Self.itself: next = next + 1
            case Self.deleted: break
            case Self.replaced: unsafe map[slot] = NewIndices(jump: Self.nowhere, call: Self.nowhere)
            case let number:
                let edit = pass.edit(Int(number) - 1)
                next = next + Int(edit.patchCount)
                if edit.isInsertion {
                    if edit.skip { unsafe map[slot].jump = next }
                    next = next + 1
                }
            }
            slot = slot + 1
        }
        if hasDeletions { mapDeletedSlots() }
    }

    /// Copies to deleted slots the indices of the slot after them, if that is in the same subprogram: the prefix sum alone does
    /// not tell where a subprogram ends, nor that jumps skip inserted code.
    private func mapDeletedSlots() {
        for number in (0..<pass.editCount).reversed() {
            let edit = pass.edit(number)
            if !edit.isDeletion { continue }
            var end = edit.end
            while end > edit.off {
                let slot = end + -1
                let isLast = input.end(of: input.subprogram(holding: slot)) == end.position
                unsafe map[slot] = isLast ? NewIndices(jump: Self.nowhere, call: Self.nowhere) : map[end]
                end = slot
            }
        }
    }

    /// The slot of the result that a jump or call to an input slot reaches, or `nil`.
    @inline(__always)
    private func newIndex(of target: InputIndex, isCall: Bool) -> OutputIndex? {
        let index = unsafe isCall ? map[target].call : map[target].jump
        return index == Self.nowhere ? nil : index
    }

    // MARK: The result

    /// Writes the result: for each input slot, the slot itself or its patch. The map supplies the jump offsets.
    mutating func write() {
        var slot = InputIndex(0)
        while slot.position <= input.insnCount {
            switch unsafe tails[slot] {
            case Self.itself: if slot.position < input.insnCount { copy(slot) }
            case Self.deleted, Self.replaced: break
            case let number:
                let edit = pass.edit(Int(number) - 1)
                copyPatch(of: edit)
                if edit.isInsertion && slot.position < input.insnCount { copy(slot) }
            }
            slot = slot + 1
        }
    }

    /// Copies an input slot; a jump keeps its target.
    @inline(__always)
    private mutating func copy(_ slot: InputIndex) {
        var insn = unsafe input.insns[slot]
        if kinds.count(insn) != 0 {
            let field = kinds.field(of: insn)
            let target = InputIndex(slot.position + 1 + field.offset(in: insn))
            insn = errors.pointing(insn, field, at: at, to: newIndex(of: target, isCall: field.isCall))
        }
        unsafe result.insns[at] = insn
        unsafe result.aux[at] = input.aux[slot]
        at = at + 1
    }

    private mutating func copyPatch(of edit: EditRecord) {
        let patch = pass.patch(of: edit)
        var slot = PatchIndex(0)
        while slot.rawValue < edit.patchCount {
            if slot.rawValue == edit.keep {
                for step in 0..<Int(edit.remove) { copy(edit.off + step) }
                slot = slot + Int(edit.remove)
                continue
            }
            var insn = unsafe patch[slot]
            if kinds.count(insn) != 0 { insn = adjusted(insn, slot, of: edit) }
            unsafe result.insns[at] = insn
            unsafe result.aux[at] = 0
            at = at + 1
            slot = slot + 1
        }
        if edit.passesWordOn { unsafe result.aux[at + -1] = input.aux[edit.off] }
    }

    private mutating func adjusted(_ insn: Instruction, _ slot: PatchIndex, of edit: EditRecord) -> Instruction {
        let field = kinds.field(of: insn)
        switch pass.patchTarget(of: insn, field, at: slot, in: edit, on: input) {
        case .asWritten: return insn
        case .input(let target):
            return errors.pointing(insn, field, at: at, to: newIndex(of: target, isCall: field.isCall))
        case .nothing: return errors.pointing(insn, field, at: at, to: nil)
        }
    }
}
