import BPF
import Patching

// MARK: Where a jump to input index `t` lands

extension Reference {
    /// The subprogram that a jump or call to `t` may not leave.
    ///
    /// - Parameter edit: the edit in whose patch the jump is, or `nil` for a jump of the program
    func home(of t: Int, from edit: Edit?, isCall: Bool) -> Int {
        // Of the program, kept or not; a call by ref: the subprogram of `t`.
        guard let edit, !isCall else { return subprogram(of: t) }
        // Jump of a patch, by ref or leaving the patch: the subprogram of `off`; of `n - 1` for an append.
        return subprogram(of: min(edit.off.position, count - 1))
    }

    /// The slot of the result that a jump or call reaches; `nil` for `EINVAL`.
    func landing(of jump: Jump, in layout: Layout) -> Int? {
        switch jump.target {
        case .input(let t, let home): landing(of: t, home: home, isCall: jump.isCall, in: layout)
        case .result(let slot): slot
        case .nothing: nil
        }
    }

    /// The first rule that applies.
    func landing(of t: Int, home: Int, isCall: Bool, in layout: Layout) -> Int? {
        // 1. `t` outside the program, on a second slot, or not in `home`: `EINVAL`.
        if t < 0 || t >= count || isSecond(t) || subprogram(of: t) != home { return nil }
        // 2. An insertion is at `t`: its first instruction; or `t` itself if `skip` and this is a jump (the insertion's
        // own included), not a call.
        if let number = edits.firstIndex(where: { $0.off.position == t && $0.remove == 0 }) {
            return edits[number].skip && !isCall ? layout.slots[t] : layout.patches[number]
        }
        // 3. `t` is the first slot of a replaced range with a patch: the first patch instruction, also where `t` itself
        // is kept further on.
        if let number = edits.firstIndex(where: { $0.off.position == t && !$0.patch.isEmpty }) {
            return layout.patches[number]
        }
        // 4. `t` is in no edit's range: `t`.
        guard let edit = edits.first(where: { $0.off.position <= t && t < $0.end }) else { return layout.slots[t] }
        // 5. `t` is inside a range with a patch, past its first slot: `EINVAL`; nothing replaces it.
        if !edit.patch.isEmpty { return nil }
        // 6. `t` is in a deleted range: from rule 1 again with the index after that range.
        return landing(of: edit.end, home: home, isCall: isCall, in: layout)
    }
}
