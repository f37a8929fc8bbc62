import BPF
import Patching

/// Does without instructions of the program, in chunks and then singly; jumps to them land behind them.
struct InstructionReducer: Reducer {
    func minimize(_ minimization: Minimization) {
        if minimization.isLong { return reduceGaps(minimization) }
        minimization.reduceChunks(
            of: { minimization.best.program.insns.count },
            without: { range in remove(range, minimization) })
    }

    private func remove(_ range: Range<Int>, _ minimization: Minimization) -> Bool {
        let whole = minimization.best.program.wideningToInstructions(range)
        if whole.count == minimization.best.program.insns.count { return false }
        let remover = SlotRemover(program: minimization.best.program, range: whole)
        // Later passes are in coordinates of their own, so the removed slots may lie before or behind their edits.
        return minimization.attempt { remover.apply(to: &$0, shiftingLaterPasses: true) }
            || (minimization.best.passes.count > 1
                && minimization.attempt { remover.apply(to: &$0, shiftingLaterPasses: false) })
    }

    /// Takes pieces off the end of each gap between two landmarks, from the last gap to the first.
    ///
    /// A gap that can spare one slot is tried for twice as many each time; most can spare none, which costs one candidate.
    private func reduceGaps(_ minimization: Minimization) {
        let landmarks = minimization.best.landmarks()
        for number in landmarks.indices.dropLast().reversed() {
            let start = landmarks[number]
            var end = landmarks[number + 1]
            var length = 1
            while end - start >= length && remove(end - length..<end, minimization) {
                end -= length
                length *= 2
            }
            // The last length was too much, or there were not as many left.
            while length > 1 && end > start {
                length /= 2
                if end - start >= length && remove(end - length..<end, minimization) { end -= length }
            }
        }
    }
}

extension Case {
    /// The slots that jumps, edits and tables of the case speak of, sorted, with both ends of the program.
    fileprivate func landmarks() -> [Int] {
        var found: Set<Int> = [0, program.insns.count]
        for (slot, insn) in program.insns.enumerated() {
            let kind = insn.jumpKind
            if kind != .none { found.formUnion([slot, slot + 1, slot + 1 + insn.jumpOffset(kind)]) }
        }
        for edit in passes.first?.edits ?? [] {
            found.formUnion([edit.off.position, edit.off.position + Int(edit.remove)])
            found.formUnion(edit.refs.map(\.to.position))
        }
        found.formUnion(program.lines.map { Int($0.insnOff) })
        found.formUnion(program.subprograms.map { Int($0.start) })
        return found.filter { $0 >= 0 && $0 <= program.insns.count }.sorted()
    }
}

extension Program {
    /// A range of slots, made longer where it would cut a wide load.
    fileprivate func wideningToInstructions(_ range: Range<Int>) -> Range<Int> {
        func isSecond(_ slot: Int) -> Bool { slot > 0 && slot < insns.count && insns[slot - 1].isWide }
        let low = isSecond(range.lowerBound) ? range.lowerBound - 1 : range.lowerBound
        return low..<(isSecond(range.upperBound) ? range.upperBound + 1 : range.upperBound)
    }
}

/// Takes slots out of a program and everything that speaks of them.
private struct SlotRemover {
    let program: Program
    let range: Range<Int>

    /// Where a slot is afterwards; the removed ones are where what follows them is.
    private func moved(_ slot: Int) -> Int {
        slot >= range.upperBound ? slot - range.count : min(slot, range.lowerBound)
    }

    func apply(to c: inout Case, shiftingLaterPasses: Bool) {
        let starts = program.subprograms
        c.program.insns = []
        c.program.insns.reserveCapacity(program.insns.count - range.count)
        c.program.aux = []
        c.program.aux.reserveCapacity(program.insns.count - range.count)
        var home = 0
        for (slot, original) in program.insns.enumerated() {
            while home + 1 < starts.count && Int(starts[home + 1].start) <= slot { home += 1 }
            if range.contains(slot) { continue }
            var insn = original
            let kind = insn.jumpKind
            if kind != .none {
                var target = moved(slot + 1 + insn.jumpOffset(kind))
                if kind.isJump {
                    // What follows may be the next subprogram; then the jump itself is the nearest place.
                    let end = home + 1 < starts.count ? Int(starts[home + 1].start) : program.insns.count
                    if target >= moved(end) { target = moved(slot) }
                }
                _ = insn.setJumpOffset(target - moved(slot) - 1, kind)
            }
            c.program.insns.append(insn)
            c.program.aux.append(program.aux[slot])
        }
        moveTables(&c)
        guard !c.passes.isEmpty else { return }
        c.passes[0].edits = c.passes[0].edits.map { edit in
            var copy = edit
            let end = moved(edit.off.position + Int(edit.remove))
            copy.off = InputIndex(moved(edit.off.position))
            copy.remove = UInt32(end - copy.off.position)
            copy.refs = edit.refs.map { Ref(from: $0.from, to: InputIndex(moved($0.to.position))) }
            return copy
        }
        if shiftingLaterPasses { shiftLaterPasses(&c) }
    }

    /// Moves what points to slots; a subprogram of which nothing is left goes.
    private func moveTables(_ c: inout Case) {
        let starts = program.subprograms
        c.program.subprograms = starts.indices.compactMap { row in
            let end = row + 1 < starts.count ? Int(starts[row + 1].start) : program.insns.count
            let start = moved(Int(starts[row].start))
            return start < moved(end) ? Subprogram(start: UInt32(start), id: starts[row].id) : nil
        }
        c.program.lines = program.lines.filter { !range.contains(Int($0.insnOff)) }.map {
            LineRecord(insnOff: UInt32(moved(Int($0.insnOff))), id: $0.id)
        }
    }

    private func shiftLaterPasses(_ c: inout Case) {
        for pass in c.passes.indices.dropFirst() {
            for edit in c.passes[pass].edits.indices {
                let off = c.passes[pass].edits[edit].off.position
                if off >= range.upperBound { c.passes[pass].edits[edit].off = InputIndex(off - range.count) }
                for ref in c.passes[pass].edits[edit].refs.indices {
                    let to = c.passes[pass].edits[edit].refs[ref].to.position
                    if to >= range.upperBound {
                        c.passes[pass].edits[edit].refs[ref].to = InputIndex(to - range.count)
                    }
                }
            }
        }
    }
}
