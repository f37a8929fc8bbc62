import BPF
import Patching

/// Counts the ``CoverageCell``s of passes.
///
/// A pass is counted from its own expectation, so that nothing is counted, and no time is needed, without the option.
package final class PassCoverage {
    /// The counts, in the order of ``CoverageCell/all``.
    package private(set) var counts = [UInt64](repeating: 0, count: CoverageCell.all.count)

    private var expectation = Expectation()
    /// The jumps of the pass, those of patches after those of the input.
    private var jumps: [Jump] = []
    /// The last jump in ``jumps`` to each input slot, or -1.
    private var incoming: [Int32] = []

    /// A jump or call with its check, or `nil` if the pass is refused for another reason.
    private struct Jump {
        var subject: CoverageCell.Subject
        var check: CoverageCell.Check?
        /// The jump before it with the same target, or -1.
        var next: Int32
    }

    private static let subjects = CoverageCell.Subject.allCases
    private static let borders = CoverageCell.Border.allCases
    private static let checks = CoverageCell.Check.allCases

    package init() {}

    /// Counts a pass.
    ///
    /// - Complexity: O(slots + edits × the jumps at their borders)
    package func add(_ pass: PassImage, on input: ProgramImage<InputIndex>) {
        expectation.compute(pass, on: input)
        switch expectation.refusal {
        case .malformed, .empty: return
        case .dangling, .overflow, nil: break
        }
        listJumps(of: input)
        let words = CaseWords(pass: pass, input: input, fields: expectation.fields)
        var growth = 0
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let form = CoverageCell.edits.firstIndex(of: words.form(of: number)) ?? 0
            listRefs(of: edit, form, at: edit.off.position + growth, pass, input)
            growth += edit.growth
        }
        for number in 0..<pass.editCount {
            let form = CoverageCell.edits.firstIndex(of: words.form(of: number)) ?? 0
            count(pass.edit(number), form, input)
        }
    }

    // MARK: Jumps

    private func listJumps(of input: ProgramImage<InputIndex>) {
        jumps.removeAll(keepingCapacity: true)
        incoming = Array(repeating: -1, count: input.insnCount + 1)
        var slot = 0
        while slot < input.insnCount {
            let insn = unsafe input.insns[InputIndex(slot)]
            if let subject = Self.subject(of: insn) {
                let target = slot + 1 + insn.jumpOffset(insn.jumpKind)
                add(subject, check(of: insn, at: slot, to: target), to: target)
            }
            slot += insn.width
        }
    }

    private func add(_ subject: CoverageCell.Subject, _ check: CoverageCell.Check?, to target: Int) {
        jumps.append(Jump(subject: subject, check: check, next: incoming[target]))
        incoming[target] = Int32(truncatingIfNeeded: jumps.count - 1)
    }

    /// The check of a jump of the input.
    private func check(of insn: Instruction, at slot: Int, to target: Int) -> CoverageCell.Check? {
        let place = unsafe Int(expectation.targets.places[InputIndex(slot)])
        if place < 0 { return expectation.status == .accepted ? .removed : nil }
        let kind = insn.jumpKind
        let landing = unsafe Int(
            kind.isCall ? expectation.targets.calls[InputIndex(target)] : expectation.targets.jumps[InputIndex(target)])
        return check(of: insn, at: place, landing: landing)
    }

    /// The check of a jump at a place of the result that reaches another one, negative for none.
    private func check(of insn: Instruction, at place: Int, landing: Int) -> CoverageCell.Check? {
        if landing < 0 { return expectation.refusal == .dangling ? .einval : nil }
        var moved = insn
        let fits = moved.setJumpOffset(landing - place - 1, insn.jumpKind)
        switch expectation.refusal {
        case nil: return .place
        case .overflow: return fits ? nil : .erange
        default: return nil
        }
    }

    /// Adds the refs of an edit to the jumps, and counts the jumps of its patch.
    ///
    /// - Parameter place: the start of the patch in the result
    private func listRefs(
        of edit: EditRecord, _ form: Int, at place: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>
    ) {
        let patch = pass.patch(of: edit)
        for number in 0..<Int(edit.refCount) {
            let ref = unsafe pass.refs[edit.refStart + number]
            let insn = unsafe patch[ref.from]
            guard let subject = Self.subject(of: insn), ref.to.position <= input.insnCount else { continue }
            let landing = unsafe Int(
                subject.isCall ? expectation.targets.calls[ref.to] : expectation.targets.jumps[ref.to])
            let check = check(of: insn, at: place + ref.from.position, landing: landing)
            add(subject, check, to: ref.to.position)
            if let check, check != .place { count(form, .sourcePatch, subject, check) }
        }
        // A jump without a ref stays in its patch or leaves it, and is compared as well.
        if expectation.status != .accepted { return }
        for slot in 0..<Int(edit.patchCount) where !edit.keeps(PatchIndex(slot)) {
            if let subject = unsafe Self.subject(of: patch[PatchIndex(slot)]) {
                count(form, .sourcePatch, subject, .place)
            }
        }
    }

    /// The subject of an instruction, or `nil` for one without an offset.
    private static func subject(of insn: Instruction) -> CoverageCell.Subject? {
        switch insn.jumpKind {
        case .none: nil
        case .long: .gotol
        case .call: .call
        case .function: .pseudoFunction
        case .short:
            insn.code == Opcode.ja
                ? .ja
                : insn.code == Opcode.mayGoto
                    ? .mayGoto : insn.code & Opcode.classMask == Opcode.jumpClass ? .cond : .cond32
        }
    }

    // MARK: Borders

    private func count(_ edit: EditRecord, _ form: Int, _ input: ProgramImage<InputIndex>) {
        let (off, end) = (edit.off.position, edit.end.position)
        if off > 0 { count(form, .targetBefore, .sourceBefore, at: start(before: off, input), input) }
        var after = end
        if edit.remove == 0 {
            // The instruction at the place of an insertion is its first border, as a target and as a source after it.
            count(form, .targetFirst, nil, at: off, input)
            countSource(form, .sourceAfter, at: off, input)
            if off < input.insnCount { after = off + (unsafe input.insns[InputIndex(off)].width) }
        } else {
            let keeps = edit.keep != EditRecord.noKeep
            var slot = off
            while slot < end {
                let next = slot + (unsafe input.insns[InputIndex(slot)].width)
                if slot == off {
                    count(form, .targetFirst, keeps ? .sourceKept : .sourceFirst, at: slot, input)
                } else if next < end {
                    count(form, .targetInside, .sourceInside, at: slot, input)
                } else {
                    count(form, .targetLast, .sourceLast, at: slot, input)
                }
                slot = next
            }
        }
        if after < input.insnCount {
            count(form, .targetAfter, edit.remove == 0 ? nil : .sourceAfter, at: after, input)
        }
    }

    /// The start of the instruction before a slot.
    private func start(before slot: Int, _ input: ProgramImage<InputIndex>) -> Int {
        slot > 1 && (unsafe input.insns[InputIndex(slot - 2)].isWide) ? slot - 2 : slot - 1
    }

    /// Counts the jumps to a slot, the jump at it, and its word and records.
    private func count(
        _ form: Int, _ target: CoverageCell.Border, _ source: CoverageCell.Border?, at slot: Int,
        _ input: ProgramImage<InputIndex>
    ) {
        var number = incoming[slot]
        while number >= 0 {
            let jump = jumps[Int(number)]
            if let check = jump.check { count(form, target, jump.subject, check) }
            number = jump.next
        }
        if let source { countSource(form, source, at: slot, input) }
        if slot == input.insnCount || expectation.status != .accepted { return }
        count(form, target, .aux, .place)
        if Self.contains(slot, input.lines, input.lineCount, { $0.insnOff }) { count(form, target, .line, .place) }
        if Self.contains(slot, input.subprograms, input.subprogramCount, { $0.start }) {
            count(form, target, .subprogram, .place)
        }
    }

    private func countSource(
        _ form: Int, _ border: CoverageCell.Border, at slot: Int, _ input: ProgramImage<InputIndex>
    ) {
        if slot >= input.insnCount { return }
        let insn = unsafe input.insns[InputIndex(slot)]
        guard let subject = Self.subject(of: insn) else { return }
        let target = slot + 1 + insn.jumpOffset(insn.jumpKind)
        if let check = check(of: insn, at: slot, to: target) { count(form, border, subject, check) }
    }

    private func count(
        _ form: Int, _ border: CoverageCell.Border, _ subject: CoverageCell.Subject, _ check: CoverageCell.Check
    ) {
        let row = form * Self.subjects.count + (Self.subjects.firstIndex(of: subject) ?? 0)
        let place = (row * Self.borders.count + (Self.borders.firstIndex(of: border) ?? 0)) * Self.checks.count
        counts[place + (Self.checks.firstIndex(of: check) ?? 0)] += 1
    }

    /// Returns true if a sorted table has a record at a slot.
    private static func contains<Record: BitwiseCopyable>(
        _ slot: Int, _ table: UnsafeTypedBuffer<TableIndex, Record>, _ count: Int, _ place: (Record) -> UInt32
    ) -> Bool {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if unsafe Int(place(table[TableIndex(middle)])) < slot { low = middle + 1 } else { high = middle }
        }
        return low < count && (unsafe Int(place(table[TableIndex(low)]))) == slot
    }
}
