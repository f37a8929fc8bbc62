import BPF

/// The tables beside the kernel's array, changed after every edit.
///
/// - Complexity: O(subprograms + lines) an edit
struct ArrayTables {
    let subprograms: Row<TableIndex, Subprogram>
    let lines: Row<TableIndex, LineRecord>
    var subprogramCount: Int
    var lineCount: Int

    /// Moves what lies behind an instruction that has been patched.
    ///
    /// - Source: Linux 6.12, `adjust_subprog_starts`, `bpf_adj_linfo`
    func patched(at off: OutputIndex, growth: Int) {
        let growth = UInt32(truncatingIfNeeded: growth)
        for number in 0..<subprogramCount {
            let start = subprograms[TableIndex(number)].start
            subprograms[TableIndex(number)].start = start &+ (start > off.rawValue ? growth : 0)
        }
        for number in 0..<lineCount {
            let insnOff = lines[TableIndex(number)].insnOff
            lines[TableIndex(number)].insnOff = insnOff &+ (insnOff > off.rawValue ? growth : 0)
        }
    }

    /// Drops and moves what lay in a removed range and behind it.
    ///
    /// - Parameter length: the length of the program before the removal, in slots
    /// - Source: Linux 6.12, `adjust_subprog_starts_after_remove`, `bpf_adj_linfo_after_remove`
    mutating func removed(from off: OutputIndex, count: Int, length: Int) {
        removeSubprograms(off.position, count, length)
        removeLines(off.position, count, length)
    }

    private mutating func removeSubprograms(_ off: Int, _ count: Int, _ length: Int) {
        var kept = 0
        for number in 0..<subprogramCount {
            var subprogram = subprograms[TableIndex(number)]
            let next = TableIndex(number + 1)
            let end = next.position < subprogramCount ? Int(subprograms[next].start) : length
            // A subprogram that the range swallows whole is gone; one that loses its front starts behind the range.
            if Int(subprogram.start) >= off && end <= off + count { continue }
            if subprogram.start >= off + count {
                subprogram.start -= UInt32(count)
            } else if subprogram.start > off {
                subprogram.start = UInt32(off)
            }
            subprograms[TableIndex(kept)] = subprogram
            kept += 1
        }
        subprogramCount = kept
    }

    private mutating func removeLines(_ off: Int, _ count: Int, _ length: Int) {
        var first = 0
        while first < lineCount && lines[TableIndex(first)].insnOff < off { first += 1 }
        var next = first
        while next < lineCount && lines[TableIndex(next)].insnOff < off + count { next += 1 }
        var kept = first
        let hasOwn = next < lineCount && lines[TableIndex(next)].insnOff == off + count
        if next > first && off + count < length && !hasOwn {
            // The last record that lost its instruction goes to what now stands there.
            lines[TableIndex(kept)] = LineRecord(insnOff: UInt32(off), id: lines[TableIndex(next - 1)].id)
            kept += 1
        }
        while next < lineCount {
            var line = lines[TableIndex(next)]
            line.insnOff -= UInt32(count)
            lines[TableIndex(kept)] = line
            kept += 1
            next += 1
        }
        lineCount = kept
    }
}
