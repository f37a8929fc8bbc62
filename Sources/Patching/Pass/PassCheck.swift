import BPF

/// What makes an edit malformed, and where.
///
/// - Source: SEMANTICS, "Errors", first row
public struct MalformedEdit: Hashable, Sendable, Error, CustomStringConvertible {
    /// The rules for an edit in itself.
    public enum Rule: String, Sendable, CaseIterable {
        case outside = "the range is outside the program"
        case order = "edits are out of order, overlap or start at one index"
        case splitsWideLoad = "the range starts or ends between the slots of a wide load"
        case skipWithoutInsertion = "only an insertion can be skipped by jumps"
        case nothing = "the edit neither removes nor brings anything"
        case keepWidth = "what is kept is not exactly what is removed"
        case keepOutside = "the kept instruction is outside the patch"
        case brokenWideLoad = "a wide load in the patch is not whole"
        case refOutside = "a ref comes from outside the patch"
        case refSlot = "a ref comes from a kept slot or the second slot of a wide load"
        case refWithoutJump = "a ref comes from an instruction that is no jump or call"
        case refTwice = "two refs come from one instruction"
        case refCall = "a call's ref is to no start of a subprogram"
        case targetOutside = "a jump lands outside the patch"
        case targetSecondSlot = "a jump lands on the second slot of a wide load"
        case callWithoutRef = "a call in the patch has no ref"
        case subprogramInside = "a subprogram starts inside the replaced range"
    }

    /// The broken rule.
    public var rule: Rule
    /// The edit, counted from 0.
    public var edit: Int
    /// The slot of the patch, or 0 where the rule is about the edit as a whole.
    public var slot: Int

    public init(rule: Rule, edit: Int, slot: Int) {
        self.rule = rule
        self.edit = edit
        self.slot = slot
    }

    /// The rule in words, with the edit and slot.
    public var description: String { "edit \(edit), slot \(slot): \(rule.rawValue)" }
}

/// The check for malformed edits that comes before any patcher.
///
/// - Source: SEMANTICS, "Errors", first row
public enum PassCheck {
    /// The first malformed edit of a pass, or `nil`.
    ///
    /// - Complexity: O(patch slots × refs of their edit + edits × log subprograms)
    public static func fault(in pass: PassImage, on input: ProgramImage<InputIndex>) -> MalformedEdit? {
        var previousOff = -1
        var previousEnd = 0
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let off = edit.off.position
            let end = off + Int(edit.remove)
            let rule: MalformedEdit.Rule? =
                if off > input.insnCount || end > input.insnCount {
                    .outside
                } else if off <= previousOff
                    || off < previousEnd
                { .order } else { placeFault(edit, on: input) }
            if let rule { return MalformedEdit(rule: rule, edit: number, slot: 0) }
            if edit.patchCount > 0 || edit.refCount > 0, var fault = patchFault(edit, in: pass, on: input) {
                fault.edit = number
                return fault
            }
            previousOff = off
            previousEnd = end
        }
        return nil
    }

    /// What is wrong with an edit's place and flags.
    @inline(__always)
    private static func placeFault(_ edit: EditRecord, on input: ProgramImage<InputIndex>) -> MalformedEdit.Rule? {
        if edit.remove == 0 && edit.patchCount == 0 { return .nothing }
        if edit.off.position < input.insnCount && input.isSecondSlot(edit.off) { return .splitsWideLoad }
        if edit.remove > 0 && edit.end.position < input.insnCount && input.isSecondSlot(edit.end) {
            return .splitsWideLoad
        }
        if edit.skip && edit.remove > 0 { return .skipWithoutInsertion }
        if edit.keep != EditRecord.noKeep {
            if edit.remove == 0 || Int(edit.remove) != input.insns[edit.off].width { return .keepWidth }
            if Int(edit.keep) + Int(edit.remove) > Int(edit.patchCount) { return .keepOutside }
        }
        if edit.patchCount > 0 && edit.remove > 1 {
            let last = input.subprogram(holding: edit.end + -1)
            if input.subprograms[last].start > edit.off.rawValue { return .subprogramInside }
        }
        return nil
    }

    /// What is wrong with a patch and its refs; the number of the edit is left to the caller.
    @inline(__always)
    private static func patchFault(
        _ edit: EditRecord, in pass: PassImage, on input: ProgramImage<InputIndex>
    ) -> MalformedEdit? {
        let patch = pass.patch(of: edit)
        let count = Int(edit.patchCount)
        var at = 0
        while at < count {
            let index = PatchIndex(at)
            at += 1
            if edit.keeps(index) { continue }
            let insn = patch[index]
            if insn.isWide {
                if at == count || patch[PatchIndex(at)].code != 0 || edit.keeps(PatchIndex(at)) {
                    return MalformedEdit(rule: .brokenWideLoad, edit: 0, slot: at - 1)
                }
                at += 1
            }
            let kind = insn.jumpKind
            if kind == .none || pass.target(of: index, in: edit) != nil { continue }
            if kind.isCall { return MalformedEdit(rule: .callWithoutRef, edit: 0, slot: index.position) }
            let target = index.position &+ 1 &+ insn.jumpOffset(kind)
            if target < 0 || target > count {
                return MalformedEdit(rule: .targetOutside, edit: 0, slot: index.position)
            }
            if target < count && isSecondSlot(PatchIndex(target), of: patch, edit) {
                return MalformedEdit(rule: .targetSecondSlot, edit: 0, slot: index.position)
            }
        }
        return edit.refCount == 0 ? nil : refFault(edit, patch, in: pass, on: input)
    }

    /// Whether a patch slot is the second of a wide load, a kept one included.
    @inline(__always)
    private static func isSecondSlot(
        _ index: PatchIndex, of patch: Row<PatchIndex, Instruction>, _ edit: EditRecord
    ) -> Bool {
        if index.position == 0 { return false }
        if edit.keeps(index) { return edit.keeps(index + -1) }
        return !edit.keeps(index + -1) && patch[index + -1].isWide
    }

    /// What is wrong with the refs of an edit; the number of the edit is left to the caller.
    private static func refFault(
        _ edit: EditRecord, _ patch: Row<PatchIndex, Instruction>, in pass: PassImage,
        on input: ProgramImage<InputIndex>
    ) -> MalformedEdit? {
        for number in 0..<Int(edit.refCount) {
            let ref = pass.refs[edit.refStart + number]
            let from = ref.from
            func fault(_ rule: MalformedEdit.Rule) -> MalformedEdit {
                MalformedEdit(rule: rule, edit: 0, slot: from.position)
            }
            if from.rawValue >= edit.patchCount { return fault(.refOutside) }
            if edit.keeps(from) || isSecondSlot(from, of: patch, edit) { return fault(.refSlot) }
            let kind = patch[from].jumpKind
            if kind == .none { return fault(.refWithoutJump) }
            for other in 0..<number where pass.refs[edit.refStart + other].from == from { return fault(.refTwice) }
            if kind.isCall {
                let holds =
                    ref.to.position < input.insnCount
                    && input.subprograms[input.subprogram(holding: ref.to)].start == ref.to.rawValue
                if !holds { return fault(.refCall) }
            }
        }
        return nil
    }
}
