import BPF
import Patching

/// The oracle's own check of whether a pass is malformed.
///
/// It first gives every slot of a patch a role and then holds jumps and refs against the roles; ``Patching/PassCheck``
/// goes another way, and the two must agree on every pass.
///
/// - Source: SEMANTICS, "Errors", first row
struct EditRules: ~Copyable {
    /// What a slot of a patch is.
    enum Role: UInt8, BitwiseCopyable {
        /// An instruction, or the first slot of a wide load.
        case insn
        /// The second slot of a wide load.
        case second
        /// A placeholder for the instruction that is kept.
        case kept
        /// A placeholder for its second slot.
        case keptSecond
        /// As `insn`, with a ref of its own.
        case referring
    }

    private var roles = RowStorage<Role>()

    /// Whether a pass is malformed.
    ///
    /// - Complexity: O(patch slots + refs + edits × log subprograms)
    mutating func isMalformed(
        _ pass: PassImage, on input: ProgramImage<InputIndex>, _ reading: JumpReading.Table
    ) -> Bool {
        var least = 0
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let off = Int(edit.off.rawValue)
            let end = off + Int(edit.remove)
            if off < least || end > input.insnCount || edit.remove + edit.patchCount == 0 { return true }
            // The next edit starts behind this one's range and, after an insertion, not at its index either.
            least = max(end, off + 1)
            if cutsWide(off, input) || cutsWide(end, input) { return true }
            if edit.skip && edit.remove != 0 { return true }
            if edit.patchCount == 0 {
                if edit.keep != EditRecord.noKeep || edit.refCount != 0 { return true }
                continue
            }
            if edit.remove > 1 && holdsStart(from: off + 1, to: end, input) { return true }
            if isPatchMalformed(edit, pass, input, reading) { return true }
        }
        return false
    }

    /// Whether an index is between the slots of a wide load.
    @inline(__always)
    private func cutsWide(_ index: Int, _ input: ProgramImage<InputIndex>) -> Bool {
        index > 0 && index < input.insnCount && input.insns[InputIndex(index - 1)].code == 0x18
    }

    /// Whether a subprogram starts in a range.
    private func holdsStart(from low: Int, to high: Int, _ input: ProgramImage<InputIndex>) -> Bool {
        var number = 0
        var count = input.subprogramCount
        // The first start that is not below the range, by halving.
        while count > 0 {
            let half = count / 2
            if input.subprograms[TableIndex(number + half)].start < low {
                number += half + 1
                count -= half + 1
            } else {
                count = half
            }
        }
        return number < input.subprogramCount && input.subprograms[TableIndex(number)].start < high
    }

    /// Whether keep, wide loads, jumps or refs of one patch are malformed.
    @inline(__always)
    private mutating func isPatchMalformed(
        _ edit: EditRecord, _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ reading: JumpReading.Table
    ) -> Bool {
        let count = Int(edit.patchCount)
        let patch = pass.patch(of: edit)
        roles.reserve(count)
        let role = roles.row(as: PatchIndex.self)
        var keep = count
        if edit.keep != EditRecord.noKeep {
            keep = Int(edit.keep)
            let isWide = edit.remove > 0 && input.insns[edit.off].code == 0x18
            if edit.remove != (isWide ? 2 : 1) || keep + Int(edit.remove) > count { return true }
        }
        var hasJumps = false
        var at = 0
        while at < count {
            if at == keep {
                role[PatchIndex(at)] = .kept
                if edit.remove == 2 { role[PatchIndex(at + 1)] = .keptSecond }
                at += Int(edit.remove)
                continue
            }
            role[PatchIndex(at)] = .insn
            if reading[patch[PatchIndex(at)]] != .none { hasJumps = true }
            at += 1
            if patch[PatchIndex(at - 1)].code == 0x18 {
                if at >= count || at == keep || patch[PatchIndex(at)].code != 0 { return true }
                role[PatchIndex(at)] = .second
                at += 1
            }
        }
        for number in 0..<Int(edit.refCount) {
            let ref = pass.refs[edit.refStart + number]
            if ref.from.rawValue >= edit.patchCount || role[ref.from] != .insn { return true }
            let field = reading[patch[ref.from]]
            if field == .none { return true }
            if field.isCall {
                let to = Int(ref.to.rawValue)
                if to >= input.insnCount || !holdsStart(from: to, to: to + 1, input) { return true }
            }
            role[ref.from] = .referring
        }
        if !hasJumps { return false }
        for slot in 0..<count where role[PatchIndex(slot)] == .insn {
            let insn = patch[PatchIndex(slot)]
            let field = reading[insn]
            if field == .none { continue }
            let target = slot + 1 + insn.offset(in: field)
            if field.isCall || target < 0 || target > count { return true }
            if target < count {
                let there = role[PatchIndex(target)]
                if there == .second || there == .keptSecond { return true }
            }
        }
        return false
    }
}
