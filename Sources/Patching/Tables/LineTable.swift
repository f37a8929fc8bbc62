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
        if count == 0 { return 0 }
        var kept = 0
        var next = 0
        var delta = 0
        // The id of the record that the first slot behind the last deletion has inherited.
        var heir: UInt32?
        var heirOff = 0
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let end = edit.end.position
            // What the edit leaves where it is: records before it and, for a patch, the one at its first slot.
            let limit = edit.isDeletion ? edit.off.position : edit.off.position + 1
            var dropped: UInt32?
            if let id = heir {
                if heirOff < limit {
                    table[TableIndex(kept)] = LineRecord(insnOff: UInt32(heirOff + delta), id: id)
                    kept += 1
                } else {
                    dropped = id
                }
                heir = nil
            }
            while next < count && lines[TableIndex(next)].insnOff < limit {
                let record = lines[TableIndex(next)]
                table[TableIndex(kept)] = LineRecord(insnOff: UInt32(Int(record.insnOff) + delta), id: record.id)
                kept += 1
                next += 1
            }
            while next < count && lines[TableIndex(next)].insnOff < end {
                dropped = lines[TableIndex(next)].id
                next += 1
            }
            if let id = dropped, end < insnCount, next == count || lines[TableIndex(next)].insnOff != end {
                heir = id
                heirOff = end
            }
            delta += edit.growth
        }
        if let id = heir {
            table[TableIndex(kept)] = LineRecord(insnOff: UInt32(heirOff + delta), id: id)
            kept += 1
        }
        while next < count {
            let record = lines[TableIndex(next)]
            table[TableIndex(kept)] = LineRecord(insnOff: UInt32(Int(record.insnOff) + delta), id: record.id)
            kept += 1
            next += 1
        }
        return kept
    }
}
