import BPF
import Patching

/// The tables of ``FaultyPatcher``: subprogram starts and line records.
struct FaultyTables {
    let landings: FaultyLandings
    let fault: Fault?

    private var program: Program { landings.program }

    /// The subprograms of which something stands.
    func subprograms() -> [Subprogram] {
        var found: [Subprogram] = []
        for (number, subprogram) in program.subprograms.enumerated() {
            let old = Int(subprogram.start)
            var start = landings.calls[old]
            if start == FaultyLandings.nothing {
                if fault != .droppedSubprogramKept { continue }
                // It stands where the next one does.
                start = landings.calls[old...].first { $0 >= 0 } ?? landings.length
            }
            if fault == .startStrict, let edit = landings.edit(at: old), edit.remove > 0, !edit.patch.isEmpty {
                start += edit.patch.count - 1
            }
            let id = program.subprograms[fault == .idsNotShifted ? found.count : number].id
            found.append(Subprogram(start: UInt32(start), id: id))
        }
        return found
    }

    /// The line records, changed edit by edit.
    func lines() -> [LineRecord] {
        var records = program.lines
        var length = program.insns.count
        for edit in landings.edits {
            let off = edit.off.position + length - program.insns.count
            let isAppend = edit.off.position == program.insns.count
            let removed = Int(edit.remove)
            if isAppend && fault != .appendShiftsLines { continue }
            if edit.patch.isEmpty {
                delete(from: off, count: removed, in: &records, length: &length)
                continue
            }
            if removed > 1 { delete(from: off + 1, count: removed - 1, in: &records, length: &length) }
            var growth = edit.patch.count - (removed == 0 ? 0 : 1)
            if removed == 0 && fault == .insertionShiftsLess { growth -= 1 }
            let first = isAppend || fault == .lineAtPatchShifted ? off - (isAppend ? 1 : 0) : off + 1
            for row in records.indices where Int(records[row].insnOff) >= first {
                records[row].insnOff += UInt32(growth)
            }
            length += edit.patch.count - (removed == 0 ? 0 : 1)
        }
        return records
    }

    private func delete(from off: Int, count: Int, in records: inout [LineRecord], length: inout Int) {
        let end = off + count
        let low = records.firstIndex { Int($0.insnOff) >= off } ?? records.count
        var high = records.firstIndex { Int($0.insnOff) >= end } ?? records.count
        let hasOwn = high < records.count && Int(records[high].insnOff) == end
        if high > low {
            var heir = records[fault == .inheritsFirst ? low : high - 1]
            heir.insnOff = UInt32(end)
            if fault == .inheritsAlthoughOwn && hasOwn && end < length {
                records[high] = heir
            } else if !hasOwn && (end < length || fault == .inheritsAtEnd) && fault != .inheritanceForgotten {
                high -= 1
                records[high] = heir
            }
        }
        records.removeSubrange(low..<high)
        for row in low..<max(records.count, low) { records[row].insnOff -= UInt32(count) }
        length -= count
    }
}
