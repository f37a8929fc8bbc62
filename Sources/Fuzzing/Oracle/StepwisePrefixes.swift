import BPF
import Patching

/// The prefixes of a pass, for which the rules make an exception for stepwise patchers.
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

    /// Analyzes a pass with its expectation, which must not be malformed.
    @inline(__always)
    init(pass: PassImage, input: ProgramImage<InputIndex>, expectation: borrowing Expectation) {
        self.pass = pass
        self.input = input
        fields = expectation.fields
        jumps = expectation.targets.jumps
        calls = expectation.targets.calls
        removed = expectation.removedJumps
        removedCount = expectation.removedCount
    }

    /// Returns true if some prefix of an accepted or overflowing pass is `EINVAL`, so that a stepwise patcher skips the
    /// pass.
    ///
    /// A landing depends only on the edits up to the one at which it fails. So such a prefix exists if and only if a
    /// jump lost its target to an earlier edit than the one that removes the jump.
    ///
    /// - Complexity: O(removed jumps), plus O(edits) for each one without a landing
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

    /// Returns true if a jump that an edit removes targets a range, past its first slot, that an earlier edit deleted.
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

    /// The number of the edit at which a landing fails: the last of the adjacent deletions from the target on.
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

    /// Returns true if an offset does not fit after some prefix of the edits, which excuses `ERANGE` of a stepwise
    /// patcher.
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
