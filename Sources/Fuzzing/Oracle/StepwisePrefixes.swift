import BPF
import Patching

/// What the rules excuse a stepwise patcher for: what happens after only some edits of a pass.
///
/// - Source: SEMANTICS, "Errors", last paragraph
struct StepwisePrefixes {
    let pass: PassImage
    let input: ProgramImage<InputIndex>
    private let fields: JumpReading.Table
    private let jumps: UnsafeTypedBuffer<InputIndex, Int32>
    private let calls: UnsafeTypedBuffer<InputIndex, Int32>
    private let removed: UnsafeTypedBuffer<TableIndex, InputIndex>
    private let removedCount: Int

    /// Looks at a pass whose expectation has been worked out and found no malformed edit.
    @inline(__always)
    init(pass: PassImage, input: ProgramImage<InputIndex>, expectation: borrowing Expectation) {
        self.pass = pass
        self.input = input
        fields = expectation.fields
        jumps = expectation.landings.jumps
        calls = expectation.landings.calls
        removed = expectation.removedJumps
        removedCount = expectation.removedCount
    }

    /// Whether some prefix of an accepted or overflowing pass is `EINVAL`, so that a stepwise patcher is not given it.
    ///
    /// A landing depends only on the edits up to the one at which it fails. So such a prefix exists just when a jump that an
    /// edit removes has lost its target to an earlier edit.
    ///
    /// - Complexity: O(removed jumps), plus O(edits) for each that has no landing
    @inline(__always)
    func hasRefused() -> Bool {
        for number in 0..<removedCount {
            let slot = unsafe removed[TableIndex(number)]
            let insn = unsafe input.insns[slot]
            let field = fields[insn]
            let target = InputIndex(slot.position &+ 1 &+ insn.offset(in: field))
            let landing = unsafe field.isCall ? calls[target] : jumps[target]
            if landing < 0 && lastEdit(ofRunAt: target) < edit(removing: slot) { return true }
        }
        return false
    }

    /// Whether a jump that an edit removes targets a range, past its first slot, that an earlier edit has deleted.
    ///
    /// - Complexity: O(removed jumps × edits)
    func hasDeadTarget() -> Bool {
        for number in 0..<removedCount {
            let slot = unsafe removed[TableIndex(number)]
            let insn = unsafe input.insns[slot]
            let target = InputIndex(slot.position &+ 1 &+ insn.offset(in: fields[insn]))
            for earlier in 0..<edit(removing: slot) {
                let edit = pass.edit(earlier)
                if edit.isDeletion && edit.off < target && target < edit.end { return true }
            }
        }
        return false
    }

    /// The number of the edit that removes a slot.
    private func edit(removing slot: InputIndex) -> Int {
        var number = 0
        while pass.edit(number).end <= slot { number += 1 }
        return number
    }

    /// The number of the edit at which a landing fails: the last of the deletions side by side from the target on.
    private func lastEdit(ofRunAt target: InputIndex) -> Int {
        let home = input.end(of: input.subprogram(holding: target))
        var found = 0
        var next: InputIndex?
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            if let next {
                if edit.off != next || edit.patchCount > 0 { break }
            } else if edit.off > target || edit.end <= target {
                continue
            }
            found = number
            if edit.patchCount > 0 || edit.end.position >= home { break }
            next = edit.end
        }
        return found
    }

    /// Whether an offset does not fit after some prefix of the edits, which excuses `ERANGE` of a stepwise patcher.
    ///
    /// - Complexity: O(slots × edits)
    func overflows() -> Bool {
        var step = Expectation()
        for count in 1..<max(pass.editCount, 1) {
            step.compute(pass.prefix(count), on: input)
            if step.status == .erange { return true }
        }
        return false
    }
}
