import BPF
import Patching

/// Keeps only the code that the finding names: the wrong instruction, its target, and the edits that move them.
///
/// If that is enough, one run replaces dozens. It tries three cases, from the smallest to one with all code between the
/// jump and its target. For a jump at the 16-bit limit, it keeps as many slots as the offset needs.
struct FocusReducer: Reducer {
    let name = "focus"

    func minimize(_ minimization: Minimization) {
        guard minimization.best.passes.count == 1, let focus = Focus(minimization) else { return }
        for extent in focus.extents where minimization.attempt({ focus.apply(to: &$0, extent) }) { return }
    }
}

/// The code that a finding names, in the coordinates of the program.
private struct Focus {
    /// The amount of code that is kept.
    enum Extent: CaseIterable {
        /// The instructions themselves, with the shortest patches.
        case least
        /// The instructions themselves, with whole patches.
        case patches
        /// All code between instruction and target, and the slots next to it.
        case span
    }

    /// A plain instruction without its final marker, which depends on its slot and is set last.
    private static let unmarked = Instruction(code: Opcode.movImmediate64, imm: .max)

    private let rule: BrokenRule
    /// The number of slots between instruction and target that a jump beyond the 16-bit limit does not need.
    private var spare = 0
    /// The slot of the wrong instruction, or the start of its edit.
    private var from = 0
    /// The target, if it is a jump or call.
    private var to: Int?
    /// The edit and the patch slot of the instruction, if it comes from a patch.
    private var source: (edit: Int, slot: Int)?
    /// The edits that affect it.
    private var edits: Set<Int> = []

    /// Finds the code that the last finding of a case with one pass names; `nil` for a finding without a place.
    init?(_ minimization: Minimization) {
        guard let finding = minimization.bestFinding else { return nil }
        rule = finding.rule
        let c = minimization.best
        let all = c.passes[0].edits
        let place: Int
        if rule == .error {
            guard let far = c.farJump else { return nil }
            (place, spare) = (far.place, max(far.excess - 1, 0))
            // The edit in the bucket of an error.
            edits.formUnion((all.firstIndex { $0.patch.isEmpty } ?? all.indices.first).map { [$0] } ?? [])
        } else {
            guard let slot = Self.place(of: finding, minimization) else { return nil }
            place = slot
        }
        let insn: Instruction
        switch c.origin(of: place) {
        case .program(let slot, let edit):
            from = slot
            insn = c.program.insns[slot]
            if insn.jumpKind != .none { to = slot + 1 + insn.jumpOffset(insn.jumpKind) }
            if let edit { edits.insert(edit) }
        case .patch(let number, let slot):
            from = all[number].off.position
            source = (number, slot)
            edits.insert(number)
            insn = all[number].patch[slot]
            if insn.jumpKind != .none {
                let isLeaving = slot + 1 + insn.jumpOffset(insn.jumpKind) == all[number].patch.count
                to =
                    all[number].refs.first { $0.from.position == slot }?.to.position
                    ?? (isLeaving ? from + Int(all[number].remove) : from)
            }
        case nil: from = max(c.program.insns.count - 1, 0)
        }
        edits.formUnion(neighbors(in: all))
    }

    /// The extents to try. A jump at the 16-bit limit needs the code between it and its target.
    var extents: [Extent] { rule == .error ? [.span] : Extent.allCases }

    /// The slot of the result that a finding names.
    private static func place(of finding: Finding, _ minimization: Minimization) -> Int? {
        switch finding.rule {
        case .layout, .encoding, .wrongLanding, .aux: return finding.place
        case .subprogram, .line:
            guard case .result(_, _, let subprograms?, let lines?) = minimization.expected() else { return nil }
            let starts = finding.rule == .line ? lines.map(\.insnOff) : subprograms.map(\.start)
            return starts.isEmpty ? nil : Int(starts[min(finding.place, starts.count - 1)])
        default: return nil
        }
    }

    /// The edits that move the instruction or its target.
    private func neighbors(in all: [Edit]) -> [Int] {
        guard let to else {
            if source != nil { return [] }
            return (all.lastIndex { $0.off.position <= from } ?? all.indices.first).map { [$0] } ?? []
        }
        if let at = all.firstIndex(where: { $0.off.position == to || ($0.off.position < to && to < $0.end) }) {
            return [at]
        }
        let crossed = all.indices.filter { number in
            let off = all[number].off.position
            return !edits.contains(number) && (from < to ? off > from && off < to : off > to && off <= from)
        }
        return (from < to ? crossed.last : crossed.first).map { [$0] } ?? []
    }

    /// Removes everything else.
    ///
    /// - Complexity: O(slots + edits)
    func apply(to c: inout Case, _ extent: Extent) {
        var kept = edits
        let last = c.program.insns.count - 1
        let ends = [from, to ?? from].map { min(max($0, 0), last) }
        var span = min(ends[0], ends[1])...max(ends[0], ends[1])
        if extent == .span {
            span = max(span.lowerBound - 1, 0)...min(span.upperBound + 1, last)
            for (number, edit) in c.passes[0].edits.enumerated()
            where edit.end >= span.lowerBound && edit.off.position <= span.upperBound {
                kept.insert(number)
            }
        }
        var slots: Set<Int> = extent == .span ? Set(span) : Set(ends)
        // An instruction of a patch without a target needs no slot of the program.
        if source != nil && to == nil && extent != .span { slots = [] }
        var ranges: [Range<Int>] = []
        for number in kept.sorted() {
            let edit = c.passes[0].edits[number]
            let range = edit.off.position..<min(edit.end, last + 1)
            if extent == .span { slots.formUnion(range) }
            if range.lowerBound <= last { slots.insert(range.lowerBound) }
            if !range.isEmpty && !edit.patch.isEmpty { slots.insert(range.upperBound - 1) }
            ranges.append(range)
            if extent != .span { minimizePatch(of: &c.passes[0].edits[number], number, whole: extent == .patches) }
        }
        c.passes[0].edits = kept.sorted().map { c.passes[0].edits[$0] }
        if spare > 0 { slots.subtract(c.program.plainRun(within: span, without: ranges).prefix(spare)) }
        if slots.isEmpty { slots = [0] }
        if rule != .line { c.program.lines = [] }
        if rule != .subprogram { dropSubprograms(&c, slots) }
        if extent != .span {
            if rule != .aux { c.program.aux = Array(repeating: 0, count: c.program.aux.count) }
            for slot in slots where slot != from || source != nil {
                let insn = c.program.insns[slot]
                if insn.code == 0 || (insn.isWide && ranges.contains { $0.contains(slot) }) { continue }
                c.program.insns[slot] = Self.unmarked
            }
        }
        // A second slot stays with its first.
        for slot in slots where slot > 0 && c.program.insns[slot - 1].isWide { slots.insert(slot - 1) }
        SlotRemover(c.program, removing: { !slots.contains($0) }).apply(to: &c)
        if extent != .span { for place in c.places where !place.isJump(in: c) { place.makePlain(&c) } }
    }

    /// Makes all slots in the patch of an edit plain, except the instruction. The shortest patch has only that, or one
    /// slot.
    private func minimizePatch(of edit: inout Edit, _ number: Int, whole: Bool) {
        let own = source.flatMap { $0.edit == number ? $0.slot : nil }
        var needed = edit.keptSlots
        if let own { needed = own..<min(own + edit.patch[own].width, edit.patch.count) }
        if needed.isEmpty && !edit.patch.isEmpty { needed = 0..<min(edit.patch[0].width, edit.patch.count) }
        let kept = edit.keptSlots
        for slot in edit.patch.indices where !kept.contains(slot) && own != slot && edit.patch[slot].code != 0 {
            if edit.patch[slot].isWide && own == nil && needed.contains(slot) { continue }
            edit.patch[slot] = Self.unmarked
        }
        edit.refs.removeAll { own != $0.from.position }
        if whole { return }
        if let own, edit.refs.isEmpty, edit.patch[own].jumpKind != .none {
            let target = own + 1 + edit.patch[own].jumpOffset(edit.patch[own].jumpKind)
            if edit.patch.indices.contains(target) {
                needed = min(needed.lowerBound, target)..<max(needed.upperBound, target + 1)
            }
        }
        edit = edit.removing(patchSlots: needed.upperBound..<edit.patch.count)
        edit = edit.removing(patchSlots: 0..<needed.lowerBound)
    }

    /// Removes subprograms without a call from the kept slots or the patches.
    private func dropSubprograms(_ c: inout Case, _ slots: Set<Int>) {
        var called: Set<Int> = [0]
        if source == nil, let to { called.insert(to) }
        for ref in c.passes[0].edits.flatMap(\.refs) { called.insert(ref.to.position) }
        for slot in slots where c.program.insns[slot].jumpKind.isCall {
            let insn = c.program.insns[slot]
            called.insert(slot + 1 + insn.jumpOffset(insn.jumpKind))
        }
        c.program.subprograms.removeAll { !called.contains(Int($0.start)) }
    }
}

extension Program {
    /// The longest run of slots in a span, not next to its ends, without jumps and wide loads, and outside of some
    /// ranges.
    ///
    /// - Complexity: O(slots + ranges)
    fileprivate func plainRun(within span: ClosedRange<Int>, without ranges: [Range<Int>]) -> Range<Int> {
        var isTaken = insns.map { $0.code == 0 || $0.isWide || $0.jumpKind != .none }
        for slot in ranges.joined() { isTaken[slot] = true }
        let inside = span.dropFirst(2).dropLast(2)
        var (longest, start) = (0..<0, inside.first ?? 0)
        for slot in inside {
            if isTaken[slot] { start = slot + 1 }
            if slot + 1 - start > longest.count { longest = start..<slot + 1 }
        }
        return longest
    }
}

extension Case {
    /// The first jump of the result at or beyond the limit of a 16-bit offset.
    ///
    /// - Returns: its slot of the result, and the number of slots beyond the limit
    /// - Complexity: O(slots + jumps × edits)
    fileprivate var farJump: (place: Int, excess: Int)? {
        if program.insns.count + passes[0].edits.reduce(0, { $0 + $1.patch.count }) <= Int(Int16.max) { return nil }
        let reference = Reference(passes[0], on: program)
        let layout = Reference.Layout(reference)
        for (place, origin) in layout.origins.enumerated() {
            guard let jump = reference.jump(of: origin, in: layout), !jump.isCall,
                let landing = reference.landing(of: jump, in: layout)
            else { continue }
            let offset = landing - place - 1
            let excess = max(offset - Int(Int16.max), Int(Int16.min) - offset)
            if excess >= 0 { return (place, excess) }
        }
        return nil
    }

    /// The origin of a slot of a result.
    fileprivate enum SlotOrigin {
        /// The program; `keptBy` is the edit that keeps the instruction, if any.
        case program(Int, keptBy: Int?)
        case patch(edit: Int, Int)
    }

    /// The origin of a slot of the result of the first pass, or `nil` after its end.
    ///
    /// - Complexity: O(edits)
    fileprivate func origin(of place: Int) -> SlotOrigin? {
        var (out, slot) = (0, 0)
        for (number, edit) in passes[0].edits.enumerated() {
            let gap = edit.off.position - slot
            if place < out + gap { return .program(slot + place - out, keptBy: nil) }
            out += gap
            if place < out + edit.patch.count {
                let kept = edit.keptSlots
                if kept.contains(place - out) {
                    return .program(edit.off.position + place - out - kept.lowerBound, keptBy: number)
                }
                return .patch(edit: number, place - out)
            }
            out += edit.patch.count
            slot = edit.end
        }
        return place - out < program.insns.count - slot ? .program(slot + place - out, keptBy: nil) : nil
    }
}
