import BPF

/// Line records behind a pass, for designs whose source says nothing of them.
public enum LineTable {
    /// Writes the records behind a well-formed pass to a table and says how many there are.
    ///
    /// The rules change the records edit by edit. Because edits are sorted, one sweep gives the same: a record is never
    /// moved by an edit behind it.
    ///
    /// - Parameter insnCount: the length of the pass's input in slots
    /// - Complexity: O(edits + lines)
    /// - Source: SEMANTICS, "What travels along"; `bpf_adj_linfo`, `bpf_adj_linfo_after_remove`
    public static func relocate(
        _ lines: Row<TableIndex, LineRecord>, count: Int, insnCount: Int, by pass: PassImage,
        into table: Row<TableIndex, LineRecord>
    ) -> Int {
        var kept = 0
        var next = 0
        var delta = 0
        // The record that the first slot behind a deletion has inherited, in input coordinates.
        var heir: LineRecord?

        func take(below limit: Int) -> LineRecord? {
            if let record = heir {
                if record.insnOff >= limit { return nil }
                heir = nil
                return record
            }
            if next == count { return nil }
            let record = lines[TableIndex(next)]
            if record.insnOff >= limit { return nil }
            next += 1
            return record
        }
        func emit(below limit: Int) {
            while let record = take(below: limit) {
                table[TableIndex(kept)] = LineRecord(insnOff: UInt32(Int(record.insnOff) + delta), id: record.id)
                kept += 1
            }
        }

        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let end = edit.end.position
            emit(below: edit.isDeletion ? edit.off.position : edit.off.position + 1)
            var dropped: LineRecord?
            while let record = take(below: end) { dropped = record }
            if let dropped, end < insnCount, next == count || lines[TableIndex(next)].insnOff != end {
                heir = LineRecord(insnOff: UInt32(end), id: dropped.id)
            }
            delta += edit.growth
        }
        emit(below: Int.max)
        return kept
    }
}
