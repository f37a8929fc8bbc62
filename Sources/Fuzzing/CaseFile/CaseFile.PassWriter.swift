import BPF
import Patching

extension CaseFile {
    /// The names of slots of a pass's input.
    struct PassNames {
        /// The length of the input, in slots.
        var length: Int
        /// The labels of the program, for the first pass.
        var labels: AssemblyWriter.ProgramLabels?

        func name(of index: InputIndex) -> String {
            labels?.name(of: index.position) ?? "\(index.rawValue)"
        }
    }

    /// The lines of a patch.
    fileprivate struct PatchLayout {
        /// The slots of the kept instruction, if a line `kept` can represent them.
        var kept: Range<Int>?
        var isStart: [Bool]
        var isLabelled: [Bool]
        /// The refs that are printed as the operand of their jump, by the slot of the jump.
        var inlineRefs: [Int: InputIndex] = [:]
        /// The number of `inlineRefs`. The edit lists them before all other refs.
        var inlineCount = 0

        init(_ edit: Edit) {
            let patch = edit.patch
            isStart = Array(repeating: true, count: patch.count + 1)
            isLabelled = Array(repeating: false, count: patch.count + 1)
            if let keep = edit.keep, edit.remove == 1 || edit.remove == 2 {
                let range = keep.position..<keep.position + Int(edit.remove)
                if range.upperBound <= patch.count { kept = range }
            }
            if let kept, kept.count == 2 { isStart[kept.lowerBound + 1] = false }
            for slot in patch.indices where patch[slot].isWide && slot + 1 < patch.count {
                let isWhole = Disassembler.width(of: patch[slot], secondSlot: patch[slot + 1]) == 2
                if isWhole && kept?.contains(slot + 1) != true { isStart[slot + 1] = false }
            }
            var last = -1
            for ref in edit.refs {
                let slot = ref.from.position
                // The reader adds refs in jumps in the order of the jumps, and the others after them.
                guard slot < patch.count, isStart[slot], kept?.contains(slot) != true, patch[slot].jumpKind != .none,
                    slot > last
                else { break }
                last = slot
                inlineRefs[slot] = ref.to
                inlineCount += 1
            }
            let withRef = Set(edit.refs.map(\.from.position))
            for slot in patch.indices where isStart[slot] && patch[slot].jumpKind.isJump && !withRef.contains(slot) {
                let target = slot + 1 + patch[slot].jumpOffset(patch[slot].jumpKind)
                if target >= 0 && target < patch.count && isStart[target] { isLabelled[target] = true }
            }
        }

        /// The operand of the jump at a slot of the patch.
        func target(of slot: Int, offset: Int, in edit: Edit, _ names: PassNames) -> JumpTarget {
            if let to = inlineRefs[slot] {
                return names.labels?.name(of: to.position).map { .inputLabel($0) } ?? .inputIndex(to.rawValue)
            }
            // The offset of a jump with an explicit ref is a placeholder, and that of a call without a ref has no
            // meaning.
            if edit.refs.contains(where: { $0.from.position == slot }) || edit.patch[slot].jumpKind.isCall {
                return .relative(offset)
            }
            let target = slot + 1 + offset
            if target == edit.patch.count { return .out }
            guard target >= 0 && target < edit.patch.count && isLabelled[target] else { return .relative(offset) }
            return .label("P\(target)")
        }
    }
}

extension CaseFile.Writer {
    /// Writes an edit whose placeholders are zero.
    mutating func write(_ edit: Edit, _ names: CaseFile.PassNames) {
        let layout = CaseFile.PatchLayout(edit)
        var options = ""
        if let keep = edit.keep, layout.kept == nil { options += ", keep \(keep.rawValue)" }
        if edit.skip { options += ", jumps skip" }
        let count = edit.remove == 1 ? "" : " count \(edit.remove)"
        if edit.remove == 0 {
            let place = edit.off.position == names.length ? "append" : "insert at \(names.name(of: edit.off))"
            add("  \(place)\(options)")
        } else if edit.patch.isEmpty {
            add("  delete \(names.name(of: edit.off))\(count)\(options)")
        } else {
            add("  replace \(names.name(of: edit.off))\(count)\(options) with")
        }
        writePatch(of: edit, layout, names)
        for ref in edit.refs.dropFirst(layout.inlineCount) {
            add(label: nil, "ref \(ref.from.rawValue) \(names.name(of: ref.to))", indentation: 2)
        }
    }

    private mutating func writePatch(
        of edit: Edit, _ layout: CaseFile.PatchLayout, _ names: CaseFile.PassNames
    ) {
        let patch = edit.patch
        var slot = 0
        while slot < patch.count {
            let label = layout.isLabelled[slot] ? "P\(slot)" : nil
            if let kept = layout.kept, kept.lowerBound == slot {
                add(label: label, "kept", indentation: 2)
                slot = kept.upperBound
                continue
            }
            if let run = run(patch, at: slot, layout) {
                add(label: label, ".fill \(run.count) r1 = \(run.imm)", indentation: 2)
                slot += run.count
                continue
            }
            let isWide = slot + 1 < patch.count && !layout.isStart[slot + 1]
            let text = Disassembler.text(of: patch[slot], secondSlot: isWide ? patch[slot + 1] : nil) { offset in
                layout.target(of: slot, offset: offset, in: edit, names)
            }
            add(label: label, text, indentation: 2)
            slot += isWide ? 2 : 1
        }
    }

    /// The run of slots from a slot on, if one line can represent it.
    private func run(_ patch: [Instruction], at slot: Int, _ layout: CaseFile.PatchLayout) -> SlotRun? {
        // Most slots begin no run: a cheap test comes before the search for the limit.
        guard SlotRun(patch, at: slot, limit: min(slot + SlotRun.shortest, patch.count)) != nil else { return nil }
        var limit = slot + 1
        while limit < patch.count && !layout.isLabelled[limit] && patch[limit].code == patch[slot].code { limit += 1 }
        return SlotRun(patch, at: slot, limit: limit)
    }
}
