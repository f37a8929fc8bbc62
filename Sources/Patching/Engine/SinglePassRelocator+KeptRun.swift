import BPF

/// Adjacent edits that each keep the one slot they replace, as in long passes of the kernel.
///
/// They have a separate loop: short loop bodies let the CPU prefetch later edits.
extension SinglePassRelocator {
    /// Lays out edits of this form, and returns the first edit of another form.
    ///
    /// - Parameter start: the next input slot
    ///
    /// - Complexity: O(slots of the patches)
    @inline(never)
    mutating func layOutKept(from start: inout InputIndex, _ first: TableIndex, before stop: TableIndex) -> TableIndex {
        let (edits, patches, kinds) = (pass.edits, pass.patches, kinds)
        let (inputInsns, inputAux) = (input.insns, input.aux)
        let (insns, aux, jumps) = (result.insns, result.aux, jumps)
        let map = map
        var (number, from, at, listed) = (first, start, self.at, TableIndex(jumpCount))
        var classes = JumpClasses()
        while number < stop {
            let edit = unsafe edits[number]
            if edit.off != from || edit.remove != 1 || edit.keep >= edit.patchCount || edit.refCount != 0 { break }
            let patch = patches.suffix(from: edit.patchStart, as: PatchIndex.self)
            let place = insns.suffix(from: at, as: PatchIndex.self)
            let placeAux = aux.suffix(from: at, as: PatchIndex.self)
            unsafe place.copyPatch(from: patch, count: edit.patchCount, clearing: placeAux, &classes)
            let kept = PatchIndex(rawValue: edit.keep)
            let insn = unsafe inputInsns[from]
            unsafe place[kept] = insn
            unsafe placeAux[kept] = inputAux[from]
            map.copy(from, at: at)
            unsafe jumps[listed] = ListedJump(at: at + kept.position, from: from)
            listed = listed + kinds.count(insn)
            at = at + Int(edit.patchCount)
            from = from + 1
            number = number + 1
        }
        jumpCount = listed.position
        if classes.mayJump {
            var place = self.at
            for row in first.position..<number.position {
                let edit = unsafe edits[TableIndex(row)]
                listJumps(of: edit, place)
                place = place + Int(edit.patchCount)
            }
        }
        start = from
        self.at = at
        return number
    }
}
