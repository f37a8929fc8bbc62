import BPF
import Patching

/// The words for an edit in a picture.
struct EditWords {
    /// Counted from 1.
    let number: Int
    let edit: Edit
    /// - Units: slots
    let inputCount: Int

    /// A short description of the edit.
    var text: String {
        let count = edit.patch.count
        let place = edit.off.position
        let range = Self.range(place, Int(edit.remove))
        var text = "edit \(number): "
        if edit.remove == 0 {
            text += count == 0 ? "nothing" : place == inputCount ? "append \(count)" : "insert \(count) before \(place)"
        } else if count == 0 {
            text += "delete \(range)"
        } else {
            text += "replace \(range) by \(count)"
        }
        if let keep = edit.keep { text += ", kept at P\(keep.rawValue)" }
        if edit.skip { text += ", jumps skip" }
        return text
    }

    /// A range of slots: the first and the last.
    static func range(_ start: Int, _ count: Int) -> String {
        count == 1 ? "\(start)" : "\(start)–\(start + count - 1)"
    }

    /// Returns true if a slot of the patch belongs to the kept instruction.
    func keeps(_ slot: Int) -> Bool {
        guard let keep = edit.keep else { return false }
        return slot >= keep.position && slot - keep.position < Int(edit.remove)
    }

    /// The number of slots of the patch instruction at a slot.
    func width(at slot: Int) -> Int {
        if keeps(slot) { return slot == edit.keep!.position ? min(Int(edit.remove), edit.patch.count - slot) : 1 }
        let next = slot + 1 < edit.patch.count && !keeps(slot + 1) ? edit.patch[slot + 1] : nil
        return Disassembler.width(of: edit.patch[slot], secondSlot: next)
    }

    /// The input slot that the patch instruction at a slot references.
    func ref(of slot: Int) -> InputIndex? { edit.refs.first { $0.from.position == slot }?.to }

    /// The origin of a result slot: its place in the patch, and the target of a jump that leaves the patch.
    func origin(of slot: Int) -> String {
        if keeps(slot) { return "P\(slot) kept" }
        if let ref = ref(of: slot) { return "P\(slot) @\(ref.rawValue)" }
        let kind = edit.patch[slot].jumpKind
        let leaves = kind.isJump && slot + 1 + edit.patch[slot].jumpOffset(kind) == edit.patch.count
        return leaves ? "P\(slot) out" : "P\(slot)"
    }

    /// The patch instruction at a slot in the syntax of case files, with targets in the patch's own coordinates.
    func source(of slot: Int) -> String {
        if keeps(slot) { return "kept" }
        let next = slot + 1 < edit.patch.count ? edit.patch[slot + 1] : nil
        let second = width(at: slot) == 2 ? next : nil
        return Disassembler.text(of: edit.patch[slot], secondSlot: second) { offset in
            if let ref = ref(of: slot) { return .inputIndex(ref.rawValue) }
            let target = slot + 1 + offset
            if target == edit.patch.count { return .out }
            return edit.patch.indices.contains(target) ? .label("P\(target)") : .relative(offset)
        }
    }
}
