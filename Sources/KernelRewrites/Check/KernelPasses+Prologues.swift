import BPF
import Fuzzing
import Patching

extension KernelPasses {
    /// The kernel's result without the code in front of subprograms, as it was before that was put in; `nil` when
    /// something leads into that code.
    ///
    /// So a fault of the other edits is told in their words.
    ///
    /// - Parameters:
    ///   - places: where each slot of what ``edits`` gives stands
    ///   - middle: what ``edits`` must give
    /// - Complexity: O(slots)
    func withoutPrologues(_ places: UnsafeTypedBuffer<InputIndex, Int32>, _ middle: ProgramImage<InputIndex>)
        -> ProgramBuffer?
    {
        let whole = found.image(as: OutputIndex.self)
        let inverse = Scratch<Int32>(capacity: whole.insnCount + 1)
        let origins = inverse.buffer(as: OutputIndex.self)
        unsafe origins.fill(whole.insnCount + 1, from: OutputIndex(0), with: -1)
        for number in 0..<middle.insnCount {
            unsafe origins[OutputIndex(Int(places[InputIndex(number)]))] = Int32(number)
        }
        // What enters a subprogram enters the code at its start.
        let entries = Scratch<Int32>(capacity: whole.insnCount + 1)
        let starts = entries.buffer(as: OutputIndex.self)
        unsafe starts.copy(whole.insnCount + 1, from: origins, at: OutputIndex(0), to: OutputIndex(0))
        for number in 0..<self.starts.editCount {
            let edit = self.starts.image.edit(number)
            let first = unsafe Int(places[edit.off]) - Int(edit.patchCount)
            unsafe starts[OutputIndex(first)] = Int32(bitPattern: edit.off.rawValue)
            unsafe starts[OutputIndex(first + Int(edit.patchCount))] = -1
        }
        let result = ProgramBuffer()
        result.reserve(
            insns: middle.insnCount + 1, subprograms: whole.subprogramCount, lines: whole.lineCount)
        result.insnCount = middle.insnCount
        result.subprogramCount = whole.subprogramCount
        result.lineCount = whole.lineCount
        let image = result.image(as: OutputIndex.self)
        unsafe image.aux.copy(middle.insnCount, from: middle.aux, at: InputIndex(0), to: OutputIndex(0))
        for number in 0..<middle.insnCount {
            let place = unsafe Int(places[InputIndex(number)])
            var insn = unsafe whole.insns[OutputIndex(place)]
            let kind = insn.jumpKind
            if kind != .none {
                let target = place + 1 + insn.jumpOffset(kind)
                guard target >= 0 && target < whole.insnCount else { return nil }
                let landing = unsafe kind.isCall ? starts[OutputIndex(target)] : origins[OutputIndex(target)]
                if landing < 0 || !insn.setJumpOffset(Int(landing) - number - 1, kind) { return nil }
            }
            unsafe image.insns[OutputIndex(number)] = insn
        }
        for number in 0..<whole.subprogramCount {
            let row = unsafe whole.subprograms[TableIndex(number)]
            guard let start = slot(row.start, starts, whole.insnCount) else { return nil }
            unsafe image.subprograms[TableIndex(number)] = Subprogram(start: start, id: row.id)
        }
        for number in 0..<whole.lineCount {
            let row = unsafe whole.lines[TableIndex(number)]
            guard let off = slot(row.insnOff, starts, whole.insnCount) else { return nil }
            unsafe image.lines[TableIndex(number)] = LineRecord(insnOff: off, id: row.id)
        }
        return result
    }

    private func slot(_ place: UInt32, _ starts: UnsafeTypedBuffer<OutputIndex, Int32>, _ count: Int) -> UInt32? {
        if Int(place) >= count { return nil }
        let start = unsafe starts[OutputIndex(rawValue: place)]
        return start < 0 ? nil : UInt32(start)
    }
}
