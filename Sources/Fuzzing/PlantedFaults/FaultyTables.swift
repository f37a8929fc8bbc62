import BPF
import Patching

/// Aux words, subprograms and line records, for ``FaultyPatcher``.
struct FaultyTables {
    let reference: Reference
    let layout: Reference.Layout
    let fault: RuleFault?

    private var program: Program { reference.program }

    /// The aux words of the result.
    var aux: [UInt32] {
        let right = reference.aux(in: layout)
        if fault == .auxStays { return right.indices.map { $0 < program.aux.count ? program.aux[$0] : 0 } }
        var aux: [UInt32] = []
        for (slot, origin) in layout.origins.enumerated() {
            switch origin {
            case .input(let input):
                let isKept = reference.edits.contains { $0.keep != nil && $0.off.position <= input && input < $0.end }
                aux.append(fault == .auxOfKeptLost && isKept ? 0 : right[slot])
            case .patch(let number, let index):
                let edit = reference.edits[number]
                let word = edit.off.position < program.aux.count ? program.aux[edit.off.position] : 0
                let isLast = index == edit.patch.count - 1
                let hasHeir = edit.keep == nil && edit.remove > 0
                switch fault {
                case .auxLastLost: aux.append(0)
                case .auxOnFirst: aux.append(hasHeir && index == 0 ? word : 0)
                case .auxNotZeroed: aux.append(edit.patch[index].code == 0 ? right[slot] : word)
                default: aux.append(right[slot])
                }
                if fault == .auxShiftedByLength && hasHeir && isLast { aux.append(0) }
            }
        }
        return Array(aux.prefix(right.count))
    }

    /// The surviving subprograms.
    var subprograms: [Subprogram] {
        var found: [Subprogram] = []
        for (number, old) in program.subprograms.enumerated() {
            var start = reference.start(ofSubprogram: number, in: layout)
            if start == nil && (fault == .droppedSubprogramKept || fault == .deletionCrossesSubprogram) {
                // Its start is that of the next one.
                let later = number + 1..<program.subprograms.count
                start = later.lazy.compactMap { reference.start(ofSubprogram: $0, in: layout) }.first
                if fault == .droppedSubprogramKept { start = start ?? layout.origins.count }
            }
            guard var start else { continue }
            if fault == .startStrict, let edit = reference.edits.first(where: { $0.off.rawValue == old.start }) {
                start += edit.remove > 0 ? max(edit.patch.count - 1, 0) : 0
            }
            let id = program.subprograms[fault == .idsNotShifted ? found.count : number].id
            found.append(Subprogram(start: UInt32(start), id: id))
        }
        return found
    }

    /// The line records, moved edit by edit.
    var lines: [LineRecord] {
        var lines = Reference.Lines(records: program.lines, length: reference.count)
        for edit in reference.edits {
            let off = edit.off.position + lines.length - reference.count
            let isAppend = edit.off.position == reference.count
            let len = edit.patch.count + (edit.remove == 0 ? 1 : 0)
            if edit.patch.isEmpty {
                delete(off, Int(edit.remove), &lines)
            } else if isAppend {
                if fault == .appendShiftsLines { lines.shift(after: off - 2, by: edit.patch.count) }
            } else {
                if edit.remove > 1 { delete(off + 1, Int(edit.remove) - 1, &lines) }
                switch fault {
                case .lineAtPatchShifted: lines.shift(after: off - 1, by: len - 1)
                case .insertionShiftsLess where edit.remove == 0: lines.shift(after: off, by: len - 2)
                default: lines.shift(after: off, by: len - 1)
                }
                lines.length += len - 1
            }
        }
        return lines.records
    }

    /// A deletion, with the faults of inherited records.
    private func delete(_ off: Int, _ count: Int, _ lines: inout Reference.Lines) {
        let range = UInt32(off)..<UInt32(off + count)
        let dropped = lines.records.filter { range.contains($0.insnOff) }
        let hasOwn = lines.records.contains { $0.insnOff == range.upperBound }
        let isAtEnd = Int(range.upperBound) == lines.length
        lines.delete(off, count)
        guard let first = dropped.first, let last = dropped.last else { return }
        let heir = lines.records.firstIndex { $0.insnOff == range.lowerBound }
        switch (fault, heir) {
        case (.inheritanceForgotten, let heir?) where !hasOwn: lines.records.remove(at: heir)
        case (.inheritsFirst, let heir?) where !hasOwn: lines.records[heir].id = first.id
        case (.inheritsAlthoughOwn, let heir?): lines.records[heir].id = last.id
        case (.inheritsAtEnd, nil) where isAtEnd:
            lines.records.append(LineRecord(insnOff: range.lowerBound, id: last.id))
        default: break
        }
    }
}
