import BPF

/// Line records after a pass, for designs whose proposal does not mention them.
public enum LineTable {
    /// Writes the records after a well-formed pass to a table, and returns their number.
    ///
    /// The rules change the records edit by edit. Edits are sorted and never move a record before them, so one sweep
    /// over the records has the same result.
    ///
    /// - Parameter insnCount: the length of the pass's input in slots
    /// - Complexity: O(edits + lines)
    /// - Source: SEMANTICS, "What travels along"; `bpf_adj_linfo`, `bpf_adj_linfo_after_remove`
    @inline(__always)
    public static func relocate(
        _ lines: UnsafeTypedBuffer<TableIndex, LineRecord>, count: Int, insnCount: Int, by pass: PassImage,
        into table: UnsafeTypedBuffer<TableIndex, LineRecord>
    ) -> Int {
        // Most programs of a campaign have few records or none.
        if count == 0 { return 0 }
        precondition(count <= lines.capacity && count <= table.capacity)
        var sweep = LineSweep(pass: pass, insnCount: UInt32(truncatingIfNeeded: insnCount), table: table)
        var number = TableIndex(0)
        while number.position < count {
            unsafe sweep.take(lines[number])
            number = number + 1
        }
        sweep.writeHeir(before: UInt32.max)
        return sweep.kept
    }
}

/// One sweep over line records in order, with the edits before each.
private struct LineSweep {
    let pass: PassImage
    let insnCount: UInt32
    let table: UnsafeTypedBuffer<TableIndex, LineRecord>
    /// The number of records that are written.
    var kept = 0
    /// The first edit that does not lie before the current record.
    private var number = TableIndex(0)
    /// The growth by the edits before that one; wraps.
    private var delta: UInt32 = 0
    /// The last removed record, until the slot that inherits it is known.
    private var heir: UInt32 = 0
    private var hasHeir = false

    @inline(__always)
    init(pass: PassImage, insnCount: UInt32, table: UnsafeTypedBuffer<TableIndex, LineRecord>) {
        self.pass = pass
        self.insnCount = insnCount
        self.table = table
    }

    /// Moves or drops the next record.
    @inline(__always)
    mutating func take(_ record: LineRecord) {
        let off = record.insnOff
        if hasHeir { writeHeir(before: off) }
        while number.position < pass.editCount {
            let edit = pass.edit(number.position)
            if edit.off.rawValue >= off || edit.end.rawValue > off {
                // A record in the removed range is dropped, except at the first slot of a range with a patch.
                if edit.off.rawValue <= off && off < edit.end.rawValue && (edit.isDeletion || edit.off.rawValue < off) {
                    heir = record.id
                    hasHeir = true
                    return
                }
                break
            }
            passEdit(edit)
        }
        put(off, record.id)
    }

    /// Moves the last removed record to the slot after the removed range, if that slot has no record.
    ///
    /// - Parameter next: the slot of the next record
    mutating func writeHeir(before next: UInt32) {
        if !hasHeir { return }
        var edit = pass.edit(number.position)
        while true {
            let end = edit.end.rawValue
            // Another record is dropped in the same range, the slot has a record, or no slot follows.
            if next <= end || end == insnCount { break }
            passEdit(edit)
            if number.position < pass.editCount {
                edit = pass.edit(number.position)
                if edit.off.rawValue == end && edit.isDeletion { continue }
            }
            put(end, heir)
            break
        }
        hasHeir = false
    }

    /// Advances to the next edit.
    @inline(__always)
    private mutating func passEdit(_ edit: EditRecord) {
        delta = delta &+ edit.patchCount &- edit.remove
        number = number + 1
    }

    @inline(__always)
    private mutating func put(_ off: UInt32, _ id: UInt32) {
        unsafe table[TableIndex(kept)] = LineRecord(insnOff: off &+ delta, id: id)
        kept &+= 1
    }
}
