import BPF

/// A sorted array of deltas: patches are collected first, then the program is copied once and each jump looks up both of
/// its ends by binary search.
///
/// - Complexity: O(slots + jumps × log edits) a pass
/// - Source: Zingerman, June 2022 (`bpf_patching_state`, `lookup_delta_for_index`); deletion, insertion and range
///   replacement are added in the same terms
public final class DeltaArray: Patcher {
    /// One collected patch: what it replaces and by how much everything before it has moved.
    private struct Delta: BitwiseCopyable {
        var off: Int
        var end: Int
        var count: Int
        /// The sum of the growth of all patches before this one.
        var before: Int
        var skip: Bool
    }

    public let name = "delta-array"
    public let isStepwise = false
    private let storage = Cell(RowStorage<Delta>(capacity: 2))

    public init() {}

    /// Puts a patch behind the `count` in the array, doubling it when full; patches come in increasing order.
    private func add(_ edit: EditRecord, behind count: Int) {
        storage.value.reserve(count + 1, keeping: count)
        let deltas = storage.value.row(as: TableIndex.self)
        var before = 0
        if count > 0 {
            let last = deltas[TableIndex(count - 1)]
            before = last.before + last.count - (last.end - last.off)
        }
        deltas[TableIndex(count)] = Delta(
            off: edit.off.position, end: edit.end.position, count: Int(edit.patchCount), before: before,
            skip: edit.skip)
    }

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let count = pass.editCount
        for number in 0..<count { add(pass.edits[TableIndex(number)], behind: number) }
        let deltas = storage.value.row(as: TableIndex.self)
        var length = input.insnCount
        if count > 0 {
            let last = deltas[TableIndex(count - 1)]
            length += last.before + last.count - (last.end - last.off)
        }
        if length == 0 { return .einval }
        output.reserve(insns: length, subprograms: input.subprogramCount, lines: input.lineCount)
        output.insnCount = length
        let result: ProgramImage<OutputIndex> = output.image()
        output.subprogramCount = SubprogramTable.relocate(input, by: pass, into: result.subprograms)
        if output.subprogramCount == 0 { return .einval }
        output.lineCount = LineTable.relocate(
            input.lines, count: input.lineCount, insnCount: input.insnCount, by: pass, into: result.lines)
        var copy = Copy(
            pass: pass, input: input, result: result, deltas: deltas, count: count, at: OutputIndex(0))
        return copy.run()
    }

    /// The one pass over the program.
    private struct Copy {
        let pass: PassImage
        let input: ProgramImage<InputIndex>
        let result: ProgramImage<OutputIndex>
        let deltas: Row<TableIndex, Delta>
        let count: Int
        /// Where the next slot of the result goes.
        var at: OutputIndex
        var dangling = false
        var overflow = false

        mutating func run() -> PatchStatus {
            var from = InputIndex(0)
            for number in 0..<count {
                let edit = pass.edits[TableIndex(number)]
                copyGap(from: from, to: edit.off)
                if !edit.isDeletion { copyPatch(edit) }
                from = edit.end
            }
            copyGap(from: from, to: InputIndex(input.insnCount))
            return dangling ? .einval : overflow ? .erange : .accepted
        }

        /// Copies what stands between two patches.
        @inline(__always)
        private mutating func copyGap(from start: InputIndex, to end: InputIndex) {
            var from = start
            while from < end {
                var insn = input.insns[from]
                let kind = insn.jumpKind
                if kind != .none { fix(&insn, kind, target: from.position &+ 1 &+ insn.jumpOffset(kind)) }
                result.insns[at] = insn
                result.aux[at] = input.aux[from]
                at = at + 1
                from = from + 1
            }
        }

        /// Copies a patch to its place.
        private mutating func copyPatch(_ edit: EditRecord) {
            let patch = pass.patch(of: edit)
            let first = at
            var index = PatchIndex(0)
            while index.rawValue < edit.patchCount {
                if index.rawValue == edit.keep {
                    copyGap(from: edit.off, to: edit.end)
                    index = index + Int(edit.remove)
                    continue
                }
                var insn = patch[index]
                let kind = insn.jumpKind
                if kind != .none { fixPatch(&insn, kind, at: index, of: edit, first: first) }
                result.insns[at] = insn
                result.aux[at] = 0
                at = at + 1
                index = index + 1
                if insn.isWide {
                    result.insns[at] = patch[index]
                    result.aux[at] = 0
                    at = at + 1
                    index = index + 1
                }
            }
            if edit.remove > 0 && edit.keep == EditRecord.noKeep { result.aux[at + -1] = input.aux[edit.off] }
        }

        /// Fixes a jump that a patch brings.
        private mutating func fixPatch(
            _ insn: inout Instruction, _ kind: JumpKind, at index: PatchIndex, of edit: EditRecord,
            first: OutputIndex
        ) {
            var target = index.position &+ 1 &+ insn.jumpOffset(kind)
            if let ref = pass.target(of: index, in: edit) {
                target = ref.position
            } else if target < Int(edit.patchCount) || (edit.isInsertion && edit.off.position < input.insnCount) {
                // Within the patch, or out of an insertion to what stands right behind it: both ends moved alike.
                return
            } else {
                target = edit.end.position
            }
            if target >= input.insnCount || input.isSecondSlot(InputIndex(target)) {
                dangling = true
                return
            }
            if !kind.isCall {
                let home = input.subprogram(
                    holding: edit.off.position < input.insnCount ? edit.off : InputIndex(input.insnCount - 1))
                if target < Int(input.subprograms[home].start) || target >= input.end(of: home) {
                    dangling = true
                    return
                }
            }
            fix(&insn, kind, target: target)
        }

        /// Points an instruction about to be written to where its target lands.
        @inline(__always)
        private mutating func fix(_ insn: inout Instruction, _ kind: JumpKind, target: Int) {
            let landing = landing(of: target, call: kind.isCall)
            if landing < 0 {
                dangling = true
            } else if !insn.setJumpOffset(landing &- at.position &- 1, kind) {
                overflow = true
            }
        }

        /// Where a jump to an input index lands, or a negative number when nothing stands for it.
        @inline(__always)
        private func landing(of target: Int, call: Bool) -> Int {
            let number = lastDelta(at: target)
            if number < 0 { return target }
            let delta = deltas[TableIndex(number)]
            if target >= delta.end && target > delta.off {
                return target + delta.before + delta.count - (delta.end - delta.off)
            }
            if target == delta.off && delta.count > 0 {
                return target + delta.before + (delta.skip && !call ? delta.count : 0)
            }
            return delta.count > 0 ? -1 : landingBehind(number, from: target, call: call)
        }

        /// Where a jump into a deleted range lands: on the first thing behind it that stands in its subprogram.
        private func landingBehind(_ first: Int, from target: Int, call: Bool) -> Int {
            let home = input.end(of: input.subprogram(holding: InputIndex(target)))
            var number = first
            while true {
                let deleted = deltas[TableIndex(number)]
                if deleted.end >= home { return -1 }
                number += 1
                if number == count || deltas[TableIndex(number)].off != deleted.end {
                    return deleted.end + deleted.before - (deleted.end - deleted.off)
                }
                let next = deltas[TableIndex(number)]
                if next.count > 0 { return next.off + next.before + (next.skip && !call ? next.count : 0) }
            }
        }

        /// The number of the last patch that starts at or before an index, or -1.
        @inline(__always)
        private func lastDelta(at index: Int) -> Int {
            var low = -1
            var high = count
            while high - low > 1 {
                let middle = (low + high) >> 1
                if deltas[TableIndex(middle)].off <= index { low = middle } else { high = middle }
            }
            return low
        }
    }
}
