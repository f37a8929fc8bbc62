import BPF

/// Subprogram starts after a pass, for designs whose proposal does not mention them.
public enum SubprogramTable {
    /// Writes the starts after a well-formed pass to a table, and returns their number.
    ///
    /// A start moves to the first slot that is left of its subprogram. A subprogram without slots is dropped with its
    /// id.
    ///
    /// - Complexity: O(edits + subprograms)
    /// - Source: SEMANTICS, "What travels along"
    public static func relocate(
        _ input: ProgramImage<InputIndex>, by pass: PassImage, into table: UnsafeTypedBuffer<TableIndex, Subprogram>
    ) -> Int {
        precondition(input.subprogramCount <= table.capacity)
        var kept = 0
        var number = 0
        var delta = 0
        for source in 0..<input.subprogramCount {
            let subprogram = unsafe input.subprograms[TableIndex(source)]
            let end = input.end(of: TableIndex(source))
            var place = Int(subprogram.start)
            while place < end {
                // Edits that end before the place move it; an insertion at the place does not.
                while number < pass.editCount {
                    let edit = pass.edit(number)
                    if edit.off.position >= place || edit.end.position > place { break }
                    delta += edit.growth
                    number += 1
                }
                if number == pass.editCount { break }
                let edit = pass.edit(number)
                if edit.off.position > place || !edit.isDeletion { break }
                place = edit.end.position
            }
            if place >= end { continue }
            unsafe table[TableIndex(kept)] = Subprogram(start: UInt32(place + delta), id: subprogram.id)
            kept += 1
        }
        return kept
    }
}
