import BPF
import KernelRewrites

/// One change to the result of a load: the fault of a kernel that does everything else right.
struct Change: Sendable {
    /// The part of a result that is changed.
    enum Kind: String, CaseIterable, Sendable {
        /// The offset of a jump.
        case jump
        /// The target of a call, its number, or both.
        case call
        /// The target of a pseudo function, its number, or both.
        case function = "pseudo-func"
        /// The start of a subprogram, its identity, or its row.
        case start
        /// A line record: its slot, its identity, or its row.
        case line
        /// A removed run: too short or too long.
        case removal
        /// The distance of a shift in a patch.
        case shift
        /// The constant of an AND in a patch.
        case mask
        /// The constant that a conditional jump in a patch compares with.
        case bound
        /// The size of an element or of an object: a factor or a shift.
        case element
        /// The distance of the first value from the start of a map or of its element.
        case base
        /// Another constant in a patch.
        case constant
        /// The stack slot of a load or store in a patch.
        case stack
        /// The width of an operation in a patch: 32 bits instead of 64, or the reverse.
        case half
        /// A constant that is not blinded.
        case unblinded
        /// A register in a patch.
        case register
        /// The size of a load or store in a patch.
        case size
        /// The offset of a load or store in a structure of the kernel, or a constant of such a field.
        case field
        /// The function that a call in a patch, or of a helper, goes to.
        case helper
        /// An address or a number that only the kernel knows.
        case address
    }

    /// The neighbourhood of a change.
    enum Place: String, CaseIterable, Sendable {
        case plain
        case besidePatch = "beside patch"
        case inPatch = "in patch"
        case besideContext = "beside context"
        case inContext = "in context"
        case blinded
        case far
    }

    /// The difference to the right result.
    enum Edit: Sendable {
        case slots([(slot: Int, insn: Instruction)])
        /// `nil` removes the row.
        case start(row: Int, Subprogram?)
        case line(row: Int, LineRecord?)
        /// Instructions that the kernel should have removed.
        case left(slot: Int, [Instruction])
        /// A live instruction that is removed.
        case removed(slot: Int)
        /// A blinded instruction as it was before.
        case unblinded(Range<Int>, Instruction)
    }

    var kind: Kind
    var place: Place
    /// The rewrite whose patch is changed; `nil` for other code.
    var rewrite: Rewrite?
    var edit: Edit

    /// The changed result.
    func applied(to right: Program) -> Program {
        var result = right
        switch edit {
        case .slots(let slots): for (slot, insn) in slots { result.insns[slot] = insn }
        case .start(let row, let subprogram?): result.subprograms[row] = subprogram
        case .start(let row, nil): result.subprograms.remove(at: row)
        case .line(let row, let record?): result.lines[row] = record
        case .line(let row, nil): result.lines.remove(at: row)
        case .left(let slot, let insns): result.insert(insns, at: slot)
        case .removed(let slot): result.remove(at: slot)
        case .unblinded(let range, let insn):
            let last = range.upperBound - 1
            let target = result.target(at: last)
            result.insns[last] = insn
            if let target { result.insns[last] = result.insn(at: last, leadingTo: target) ?? insn }
            for slot in range.dropLast().reversed() { result.remove(at: slot) }
        }
        return result
    }

    /// The change in one line.
    func text(in right: Program) -> String {
        func text(_ insn: Instruction) -> String { Disassembler.text(of: insn, secondSlot: .zero) }
        switch edit {
        case .slots(let slots):
            return slots.map { "slot \($0.slot): \(text(right.insns[$0.slot])) -> \(text($0.insn))" }
                .joined(separator: ", ")
        case .start(let row, let subprogram):
            let new = subprogram.map { "start \($0.start), id \($0.id)" } ?? "removed"
            return "subprogram \(row), start \(right.subprograms[row].start), id \(right.subprograms[row].id): \(new)"
        case .line(let row, let record):
            let new = record.map { "slot \($0.insnOff), id \($0.id)" } ?? "removed"
            return "line \(row), slot \(right.lines[row].insnOff), id \(right.lines[row].id): \(new)"
        case .left(let slot, let insns): return "\(insns.count) dead slots left at \(slot), from \(text(insns[0]))"
        case .unblinded(let range, let insn): return "slot \(range.lowerBound) not blinded: \(text(insn))"
        case .removed(let slot): return "slot \(slot) removed: \(text(right.insns[slot]))"
        }
    }
}
