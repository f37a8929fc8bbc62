import BPF
import Patching

/// The words in which a picture speaks of an edit.
struct EditWords {
    /// Counted from 1.
    let number: Int
    let edit: Edit
    /// - Units: slots
    let inputCount: Int

    /// What the edit does, in a few words.
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

    /// Some slots, by the first and the last.
    static func range(_ start: Int, _ count: Int) -> String {
        count == 1 ? "\(start)" : "\(start)–\(start + count - 1)"
    }

    /// Whether the slot of the patch is one of the kept instruction.
    func keeps(_ slot: Int) -> Bool {
        guard let keep = edit.keep else { return false }
        return slot >= keep.position && slot - keep.position < Int(edit.remove)
    }

    /// How many slots the patch instruction at a slot takes.
    func width(at slot: Int) -> Int {
        if keeps(slot) { return slot == edit.keep!.position ? min(Int(edit.remove), edit.patch.count - slot) : 1 }
        let next = slot + 1 < edit.patch.count && !keeps(slot + 1) ? edit.patch[slot + 1] : nil
        return Disassembler.width(of: edit.patch[slot], secondSlot: next)
    }

    /// The slot of the input that the patch instruction at a slot names.
    func ref(of slot: Int) -> InputIndex? { edit.refs.first { $0.from.position == slot }?.to }

    /// Where a slot of the result comes from: its place in the patch, and where a jump of the patch goes by it.
    func origin(of slot: Int) -> String {
        if keeps(slot) { return "P\(slot) kept" }
        if let ref = ref(of: slot) { return "P\(slot) @\(ref.rawValue)" }
        let kind = edit.patch[slot].jumpKind
        let leaves = kind.isJump && slot + 1 + edit.patch[slot].jumpOffset(kind) == edit.patch.count
        return leaves ? "P\(slot) out" : "P\(slot)"
    }

    /// The patch instruction at a slot as the file has it, in the coordinates of the patch.
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
