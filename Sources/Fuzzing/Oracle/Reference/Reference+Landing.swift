import BPF
import Patching

// MARK: Where a jump to input index t lands

extension Reference {
    /// A jump or call of the result.
    struct Jump {
        /// Its slot in the result.
        var slot: Int
        var target: Target
        var isCall: Bool
    }

    /// What a jump or call of the result reaches.
    enum Target {
        /// An input index, by the rules below; `home` is the subprogram that the jump may not leave.
        case input(Int, home: Int)
        /// A slot of the result: within a patch, or right after an insertion.
        case result(Int)
        /// Nothing: the jump leaves an append.
        case nothing
    }

    /// The slot of the result that a jump reaches, or `nil` for `EINVAL`.
    func landing(of jump: Jump, in layout: Layout) -> Int? {
        switch jump.target {
        case .input(let index, let home): landing(of: index, home: home, isCall: jump.isCall, in: layout)
        case .result(let slot): slot
        case .nothing: nil
        }
    }

    /// Where a jump to the input index `t` lands: the first rule that applies.
    private func landing(of t: Int, home: Int, isCall: Bool, in layout: Layout) -> Int? {
        // 1: outside the program, on a second slot, or not in the home.
        if t < 0 || t >= count || isSecond(t) || subprogram(of: t) != home { return nil }
        for (number, edit) in edits.enumerated() {
            let off = edit.off.position
            // 2: an insertion at t.
            if off == t && edit.remove == 0 {
                return edit.skip && !isCall ? layout.slots[t] : layout.patches[number]
            }
            // 3: the first slot of a replaced range with a patch.
            if off == t && !edit.patch.isEmpty { return layout.patches[number] }
            if off <= t && t < edit.end {
                // 5: inside a range with a patch; 6: in a deleted range.
                return edit.patch.isEmpty ? landing(of: edit.end, home: home, isCall: isCall, in: layout) : nil
            }
        }
        // 4: in no edit's range.
        return layout.slots[t]
    }

    /// The home of a patch's jump by ref, or out of the patch.
    func home(of edit: Edit) -> Int { subprogram(of: min(edit.off.position, count - 1)) }
}
