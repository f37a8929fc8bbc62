import BPF
import Patching

// MARK: What travels along

extension Reference {
    /// The subprograms of which something survives, each at the first thing that does.
    func subprograms(in layout: Layout) -> [Subprogram] {
        var found: [Subprogram] = []
        for (number, subprogram) in program.subprograms.enumerated() {
            let isLast = number + 1 == program.subprograms.count
            let range = Int(subprogram.start)..<(isLast ? count : Int(program.subprograms[number + 1].start))
            let surviving = range.compactMap { layout.slots[$0] }
            let patches = edits.indices.filter { !edits[$0].patch.isEmpty && range.contains(edits[$0].off.position) }
            if let start = (surviving + patches.map { layout.patches[$0] }).min() {
                found.append(Subprogram(start: UInt32(start), id: subprogram.id))
            }
        }
        return found
    }

    /// The line records, changed edit by edit, each edit on what the edits before it gave.
    var lines: [LineRecord] {
        var lines = program.lines
        var length = count
        for edit in edits {
            let off = edit.off.position + length - count
            // An append shifts nothing.
            if edit.off.position == count { continue }
            if edit.patch.isEmpty {
                delete(off, Int(edit.remove), in: &lines, &length)
            } else if edit.remove == 0 {
                patch(off, by: edit.patch.count + 1, in: &lines, &length)
            } else {
                if edit.remove > 1 { delete(off + 1, Int(edit.remove) - 1, in: &lines, &length) }
                patch(off, by: edit.patch.count, in: &lines, &length)
            }
        }
        return lines
    }

    /// Patching `off` 1 → `new`: later records shift.
    private func patch(_ off: Int, by new: Int, in lines: inout [LineRecord], _ length: inout Int) {
        for row in lines.indices where Int(lines[row].insnOff) > off {
            lines[row].insnOff = UInt32(Int(lines[row].insnOff) + new - 1)
        }
        length += new - 1
    }

    /// Deleting `[off, off + removed)`: records in it are dropped; the slot that follows inherits the last one, if it has
    /// no record of its own.
    private func delete(_ off: Int, _ removed: Int, in lines: inout [LineRecord], _ length: inout Int) {
        let end = off + removed
        let dropped = lines.filter { off <= Int($0.insnOff) && Int($0.insnOff) < end }
        let before = lines.filter { Int($0.insnOff) < off }
        var after = lines.filter { Int($0.insnOff) >= end }
        if let last = dropped.last, end < length, after.first.map({ Int($0.insnOff) != end }) ?? true {
            after.insert(LineRecord(insnOff: UInt32(end), id: last.id), at: 0)
        }
        for row in after.indices { after[row].insnOff -= UInt32(removed) }
        lines = before + after
        length -= removed
    }
}
