import BPF
import Patching

/// Removes any number of slots of a case's program in one step, with their table entries, edits and jumps.
struct SlotRemover {
    private let program: Program
    /// True for each slot that stays.
    private let isKept: [Bool]
    /// The new index of each slot and of the end; a removed slot has the new index of the next slot.
    private let moved: [Int]

    /// Makes a remover of some slots; a wide load is removed as a whole or stays.
    ///
    /// - Complexity: O(slots)
    init(_ program: Program, removing isRemoved: (Int) -> Bool) {
        self.program = program
        var isKept: [Bool] = []
        var moved: [Int] = []
        isKept.reserveCapacity(program.insns.count)
        moved.reserveCapacity(program.insns.count + 1)
        var count = 0
        for slot in program.insns.indices {
            let isSecond = slot > 0 && program.insns[slot - 1].isWide
            let stays = isSecond ? isKept[slot - 1] : !isRemoved(slot)
            isKept.append(stays)
            moved.append(count)
            count += stays ? 1 : 0
        }
        moved.append(count)
        self.isKept = isKept
        self.moved = moved
    }

    /// The number of slots that stay.
    var count: Int { moved[program.insns.count] }

    /// The new index for an index, which may be outside of the program.
    private func moved(_ index: Int) -> Int {
        index < 0 ? index : index < moved.count ? moved[index] : index - program.insns.count + count
    }

    /// Removes the slots from the program, its tables and the first pass.
    ///
    /// - Complexity: O(slots + edits)
    func apply(to c: inout Case) {
        let starts = program.subprograms
        var insns: [Instruction] = []
        var aux: [UInt32] = []
        insns.reserveCapacity(count)
        aux.reserveCapacity(count)
        var home = 0
        for (slot, original) in program.insns.enumerated() {
            while home + 1 < starts.count && Int(starts[home + 1].start) <= slot { home += 1 }
            if !isKept[slot] { continue }
            var insn = original
            let kind = insn.jumpKind
            if kind != .none {
                var target = moved(slot + 1 + insn.jumpOffset(kind))
                if kind.isJump {
                    // If the next slot is in the next subprogram, the jump itself is the nearest target.
                    let end = home + 1 < starts.count ? Int(starts[home + 1].start) : program.insns.count
                    if target >= moved(end) { target = moved(slot) }
                }
                _ = insn.setJumpOffset(target - moved(slot) - 1, kind)
            }
            insns.append(insn)
            aux.append(program.aux[slot])
        }
        c.program.insns = insns
        c.program.aux = aux
        moveTables(&c)
        guard !c.passes.isEmpty else { return }
        for number in c.passes[0].edits.indices {
            let edit = c.passes[0].edits[number]
            let off = moved(edit.off.position)
            c.passes[0].edits[number].off = InputIndex(off)
            c.passes[0].edits[number].remove = UInt32(moved(edit.off.position + Int(edit.remove)) - off)
            for ref in edit.refs.indices {
                c.passes[0].edits[number].refs[ref].to = InputIndex(moved(edit.refs[ref].to.position))
            }
        }
        // A deletion without slots is removed.
        c.passes[0].edits.removeAll { $0.remove == 0 && $0.patch.isEmpty }
    }

    /// Moves the table entries; a subprogram without slots is removed.
    private func moveTables(_ c: inout Case) {
        let starts = program.subprograms
        c.program.subprograms = starts.indices.compactMap { row in
            let end = row + 1 < starts.count ? Int(starts[row + 1].start) : program.insns.count
            let start = moved(Int(starts[row].start))
            return start < moved(end) ? Subprogram(start: UInt32(start), id: starts[row].id) : nil
        }
        c.program.lines = program.lines.filter { isKept[Int($0.insnOff)] }.map {
            LineRecord(insnOff: UInt32(moved(Int($0.insnOff))), id: $0.id)
        }
    }
}

extension Case {
    /// Moves the edits of later passes by the number of slots that were removed before them.
    mutating func shiftLaterPasses(without range: Range<Int>) {
        for pass in passes.indices.dropFirst() {
            for edit in passes[pass].edits.indices {
                let off = passes[pass].edits[edit].off.position
                if off >= range.upperBound { passes[pass].edits[edit].off = InputIndex(off - range.count) }
                for ref in passes[pass].edits[edit].refs.indices {
                    let to = passes[pass].edits[edit].refs[ref].to.position
                    if to >= range.upperBound {
                        passes[pass].edits[edit].refs[ref].to = InputIndex(to - range.count)
                    }
                }
            }
        }
    }
}
