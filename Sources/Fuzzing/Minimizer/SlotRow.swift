import BPF

/// The slots of a program or a patch, of which as many as possible are to be removed.
///
/// - Shape: `insns`, cut into stretches at `borders`; slots in one stretch differ only in their contents
struct SlotRow {
    var insns: [Instruction]
    /// The slots that a jump, edit or table names, sorted, with 0 and the end.
    var borders: [Int]

    /// True if a patcher may misread fields as offsets, so that slots of one code are not interchangeable.
    var isUneven = false

    /// Finds the stretches of some slots.
    ///
    /// - Parameter places: the slots that are named; those outside of `insns` are ignored
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

    /// Removes as many slots as possible: whole stretches, many at once; then slots from the end of each stretch that
    /// is left, then one slot of each code in it.
    ///
    /// - Parameter remove: tries the best case without a range of slots
    static func minimize(
        _ minimization: Minimization, row: () -> SlotRow, remove: (Range<Int>) -> Bool
    ) {
        _ = minimization.attemptInParts(row().stretches[...]) { part in
            remove(part[part.startIndex].lowerBound..<part[part.endIndex - 1].upperBound)
        }
        for number in row().stretches.indices.reversed() {
            if minimization.isOver { return }
            // Earlier removals may have removed borders.
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
        // The last length was too large.
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
        // Slots of the same code are interchangeable.
        var needed: Set<UInt8> = [insns[end - 1].code, 0]
        for slot in (start..<end).reversed() where !needed.contains(insns[slot].code) {
            if !remove(slot..<slot + 1) { needed.insert(insns[slot].code) }
        }
    }
}
