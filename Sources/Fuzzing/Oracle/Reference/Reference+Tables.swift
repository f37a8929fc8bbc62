import BPF
import Patching

// MARK: What travels along

extension Reference {
    /// The aux words of the result.
    func aux(in layout: Layout) -> [UInt32] {
        layout.origins.map { origin in
            switch origin {
            // A surviving instruction keeps its words, a kept one too.
            case .input(let slot): return program.aux[slot]
            // In a patch without `keep` whose edit replaces something, the last slot gets the word of slot `off`.
            case .patch(let number, let index):
                let edit = edits[number]
                let isHeir = edit.keep == nil && edit.remove > 0 && index == edit.patch.count - 1
                // All other patch slots get 0.
                return isHeir ? program.aux[edit.off.position] : 0
            }
        }
    }

    /// The subprograms; one without a slot of the result is dropped with its id.
    func subprograms(in layout: Layout) -> [Subprogram] {
        program.subprograms.indices.compactMap { number in
            start(ofSubprogram: number, in: layout).map { start in
                Subprogram(start: UInt32(start), id: program.subprograms[number].id)
            }
        }
    }

    /// The first slot of the result that belongs to a subprogram: an inserted or patch instruction, or a surviving one;
    /// or `nil`.
    ///
    /// An insertion at a start belongs to that subprogram. An append keeps no subprogram alive: its `off` is in none.
    func start(ofSubprogram number: Int, in layout: Layout) -> Int? {
        let next = number + 1
        let end = next < program.subprograms.count ? Int(program.subprograms[next].start) : count
        let range = Int(program.subprograms[number].start)..<end
        let surviving = range.lazy.compactMap { layout.slots[$0] }.first
        let patch = edits.indices.first { range.contains(edits[$0].off.position) && !edits[$0].patch.isEmpty }
        return [surviving, patch.map { layout.patches[$0] }].compactMap(\.self).min()
    }

    /// The line records: they change edit by edit, in order, each on the result of the ones before it.
    var lines: [LineRecord] {
        var lines = Lines(records: program.lines, length: count)
        // An append shifts nothing.
        for edit in edits where edit.off.position < count {
            let off = edit.off.position + lines.length - count
            if edit.remove == 0 {
                // 1. An insertion before `off` is a patch 1 → len + 1.
                lines.patch(off, edit.patch.count + 1)
            } else if edit.patch.isEmpty {
                // 2. Deleting `[off, off+cnt)`.
                lines.delete(off, Int(edit.remove))
            } else {
                // 3. Replacing more than one slot: deletion of `[off+1, off+remove)`, then a patch at `off`.
                if edit.remove > 1 { lines.delete(off + 1, Int(edit.remove) - 1) }
                lines.patch(off, edit.patch.count)
            }
        }
        return lines.records
    }

    /// The line records after some edits, and the length of the program then, appends left out.
    struct Lines {
        var records: [LineRecord]
        var length: Int

        /// 1. Patching `off` 1 → `len`: records with `insn_off > off` shift by `len - 1`.
        mutating func patch(_ off: Int, _ len: Int) {
            shift(after: off, by: len - 1)
            length += len - 1
        }

        /// 2. Deleting `[off, off+cnt)`: records in it are dropped. If some were, and a slot without a record follows
        ///   at that moment (an append does not count), the last dropped record moves to it. Later records shift by
        ///   `-cnt`.
        mutating func delete(_ off: Int, _ cnt: Int) {
            let end = off + cnt
            let isDropped = { (record: LineRecord) in off <= Int(record.insnOff) && Int(record.insnOff) < end }
            let dropped = records.filter(isDropped)
            let hasOwn = records.contains { Int($0.insnOff) == end }
            records.removeAll(where: isDropped)
            if let last = dropped.last, end < length, !hasOwn {
                let place = records.firstIndex { Int($0.insnOff) > end } ?? records.count
                records.insert(LineRecord(insnOff: UInt32(end), id: last.id), at: place)
            }
            shift(after: off, by: -cnt)
            length -= cnt
        }

        /// Shifts the records after a slot.
        mutating func shift(after off: Int, by distance: Int) {
            for row in records.indices where Int(records[row].insnOff) > off {
                records[row].insnOff = UInt32(Int(records[row].insnOff) + distance)
            }
        }
    }
}
