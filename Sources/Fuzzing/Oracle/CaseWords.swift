import BPF
import Patching

/// The words of buckets for instructions and edits.
struct CaseWords {
    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let fields: JumpReading.Table

    /// The origin of a slot of the expected result.
    enum Origin {
        /// A slot of the input; `keptBy` is the edit that keeps it, if any.
        case input(InputIndex, keptBy: Int?)
        case patch(edit: Int, PatchIndex)
    }

    /// The origin of a slot of the expected result, or `nil` after its end.
    ///
    /// - Complexity: O(edits)
    func origin(of place: Int) -> Origin? {
        var out = 0
        var slot = 0
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let gap = edit.off.position - slot
            if place < out + gap { return .input(InputIndex(slot + place - out), keptBy: nil) }
            out += gap
            if place < out + Int(edit.patchCount) {
                let index = PatchIndex(place - out)
                if edit.keeps(index) {
                    return .input(edit.off + Int(index.rawValue - edit.keep), keptBy: number)
                }
                return .patch(edit: number, index)
            }
            out += Int(edit.patchCount)
            slot = edit.end.position
        }
        return place - out < input.insnCount - slot ? .input(InputIndex(slot + place - out), keptBy: nil) : nil
    }

    /// The form of an edit.
    func form(of number: Int) -> EditKind {
        let edit = pass.edit(number)
        if edit.patchCount == 0 { return .delete }
        if edit.remove == 0 {
            if edit.off.position == input.insnCount { return .append }
            return edit.skip ? .insertSkip : .insert
        }
        if edit.keep != EditRecord.noKeep { return .keep }
        return unsafe Int(edit.remove) == input.insns[edit.off].width ? .patch : .replace
    }

    /// The number of the edit that starts at an input slot or contains it, or `nil`.
    func edit(at slot: Int) -> Int? {
        (0..<pass.editCount).first { number in
            let edit = pass.edit(number)
            return edit.off.position == slot || (edit.off.position < slot && slot < edit.end.position)
        }
    }

    /// The form of the nearest edit for a slot of the result: its own, else the last before it, else the first.
    func form(near place: Int) -> EditKind {
        var own: Int?
        switch origin(of: place) {
        case .patch(let edit, _): own = edit
        case .input(let slot, let keeper):
            own = keeper ?? (0..<pass.editCount).last { pass.edit($0).off <= slot }
        case nil: own = pass.editCount - 1
        }
        guard pass.editCount > 0 else { return .none }
        return form(of: max(own ?? 0, 0))
    }

    /// The edit to name for a jump, with its relation: the one at its target, else the nearest one that it crosses,
    /// else the one whose patch contains it; else `nil`.
    func edit(from origin: Origin, to target: Int) -> (number: Int, relation: FindingFact.Landing.Relation)? {
        var from = 0
        var own: Int?
        switch origin {
        case .input(let slot, let keeper): (from, own) = (slot.position, keeper)
        case .patch(let number, _): (from, own) = (pass.edit(number).off.position, number)
        }
        if let number = edit(at: target) { return (number, .target) }
        let crossed = (0..<pass.editCount).filter { number in
            let off = pass.edit(number).off.position
            return number != own && (from < target ? off > from && off < target : off > target && off <= from)
        }
        if let nearest = from < target ? crossed.last : crossed.first { return (nearest, .crossed) }
        return own.map { ($0, .own) }
    }

    /// The slots of the expected result that the patch of an edit takes.
    ///
    /// - Complexity: O(edits)
    func places(ofPatch number: Int) -> Range<Int> {
        var growth = 0
        for earlier in 0..<number { growth += pass.edit(earlier).growth }
        let edit = pass.edit(number)
        let start = edit.off.position + growth
        return start..<start + Int(edit.patchCount)
    }

    /// The name of an instruction; that of a jump has its direction.
    func name(of insn: Instruction, offset: Int?) -> String {
        insn.words(offset: offset, isShortJump: fields[insn] == .off)
    }
}
