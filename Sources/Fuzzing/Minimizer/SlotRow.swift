import BPF

/// Slots in a row of which as many as possible are to go: those of a program or of a patch.
///
/// - Shape: `insns`, cut into stretches at `borders`; slots within one stretch are told apart by nothing but their contents
struct SlotRow {
    var insns: [Instruction]
    /// The slots that something speaks of, sorted, with 0 and the end.
    var borders: [Int]

    /// True if offsets that are none, as a patcher may misread them, can make one slot matter more than another.
    var isUneven = false

    /// Makes a row.
    ///
    /// - Parameter places: the slots that something speaks of; those outside of the row are left out
    /// - Complexity: O(slots + places)
    init(_ insns: [Instruction], borders places: some Sequence<Int>) {
        self.insns = insns
        var isBorder = [Bool](repeating: false, count: insns.count + 1)
        isBorder[0] = true
        isBorder[insns.count] = true
        for place in places where place >= 0 && place <= insns.count { isBorder[place] = true }
        for slot in insns.indices where insns[slot].isWide && slot + 1 < insns.count { isBorder[slot + 1] = false }
        borders = isBorder.indices.filter { isBorder[$0] }
    }

    /// The stretches between borders.
    var stretches: [Range<Int>] {
        zip(borders, borders.dropFirst()).map { $0..<$1 }
    }

    /// Removes what can be removed: stretches, whole and many at once; then as many slots as possible from the end of each
    /// that is left, and then one slot of each code in it.
    ///
    /// - Parameter remove: tries the best case without some of its slots
    static func minimize(
        _ minimization: Minimization, row: () -> SlotRow, remove: (Range<Int>) -> Bool
    ) {
        _ = minimization.attemptInParts(row().stretches[...]) { part in
            remove(part[part.startIndex].lowerBound..<part[part.endIndex - 1].upperBound)
        }
        for number in row().stretches.indices.reversed() {
            if minimization.isOver { return }
            // What was removed can have taken borders with it.
            let current = row()
            if number < current.borders.count - 1 {
                let stretch = current.borders[number]..<current.borders[number + 1]
                if stretch.count > 1 { current.minimize(stretch, minimization, remove: remove) }
            }
        }
    }

    /// Removes slots of one stretch.
    private func minimize(
        _ stretch: Range<Int>, _ minimization: Minimization, remove: (Range<Int>) -> Bool
    ) {
        let start = stretch.lowerBound
        var end = stretch.upperBound
        var length = 1
        while end - start > length && remove(end - length..<end) {
            end -= length
            length *= 2
        }
        // The last length was too much, or there were not as many left.
        while length > 1 {
            length /= 2
            if end - start > length && remove(end - length..<end) { end -= length }
        }
        if isUneven && minimization.canAfford(end - start) {
            _ = minimization.attemptInParts(Array(start..<end)[...]) { part in
                remove(part[part.startIndex]..<part[part.endIndex - 1] + 1)
            }
            return
        }
        // Slots of the same code are as good as one another.
        var needed: Set<UInt8> = [insns[end - 1].code, 0]
        for slot in (start..<end).reversed() where !needed.contains(insns[slot].code) {
            if !remove(slot..<slot + 1) { needed.insert(insns[slot].code) }
        }
    }
}
