import BPF
import Patching

/// Whether a pass keeps to what the kernel's own functions assume.
///
/// - Source: SEMANTICS, "What the kernel's own functions assume"; that every prefix is accepted or `ERANGE` is seen to elsewhere
struct KernelContract {
    var maxSubprograms = 256
    var knowsSkip = true
    var knowsGotol = true
    var knowsGotox = true

    /// Looks at one pass.
    ///
    /// When the last instruction is patched in a program of more than 32767 slots, `bpf_adj_branches` looks, in its probing
    /// pass, at the slot behind the program, and may take an old jump there for one that does not fit.
    func isKept(by pass: PassImage, on input: ProgramImage<InputIndex>) -> Bool {
        if input.subprogramCount > maxSubprograms { return false }
        let hasSkip = (0..<pass.editCount).contains { pass.edits[TableIndex($0)].skip }
        for slot in 0..<input.insnCount where !isDefined(input.insns[InputIndex(slot)], hasSkip) { return false }
        var length = input.insnCount
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            if edit.isInsertion && edit.off.position == input.insnCount { return false }
            if edit.skip && !knowsSkip { return false }
            let patch = pass.patch(of: edit)
            for place in 0..<Int(edit.patchCount) where !edit.keeps(PatchIndex(place)) {
                if !isDefined(patch[PatchIndex(place)], hasSkip) { return false }
            }
            length += edit.growth
            if !edit.isDeletion && length > 32767 && edit.off.position + max(Int(edit.remove), 1) == input.insnCount {
                return false
            }
            if edit.isDeletion && !isClean(edit, number, pass, input) { return false }
        }
        return true
    }

    /// Whether nothing starts inside of a deleted range, and nothing that stood beside it jumps there.
    private func isClean(
        _ edit: EditRecord, _ number: Int, _ pass: PassImage, _ input: ProgramImage<InputIndex>
    ) -> Bool {
        let inside = (edit.off.position + 1)..<max(edit.end.position, edit.off.position + 1)
        if inside.isEmpty { return true }
        for row in 0..<input.subprogramCount where inside.contains(Int(input.subprograms[TableIndex(row)].start)) {
            return false
        }
        var earlier = 0
        for slot in 0..<input.insnCount {
            while earlier <= number && pass.edits[TableIndex(earlier)].end.position <= slot { earlier += 1 }
            // What an earlier edit or this one removes looks nowhere any more, unless it is kept.
            if earlier <= number {
                let before = pass.edits[TableIndex(earlier)]
                if before.off.position <= slot && before.keep == EditRecord.noKeep && !before.isInsertion { continue }
            }
            let at = InputIndex(slot)
            if input.isSecondSlot(at) { continue }
            let insn = input.insns[at]
            if insn.jumpKind != .none && inside.contains(slot + 1 + insn.jumpOffset(insn.jumpKind)) { return false }
        }
        for other in 0...number {
            let before = pass.edits[TableIndex(other)]
            for row in 0..<Int(before.refCount)
            where inside.contains(pass.refs[before.refStart + row].to.position) { return false }
        }
        return true
    }

    /// Whether the functions read an instruction as the rules do; no kernel has the others.
    ///
    /// To `adjust_jmp_off` a gotox before the insertion is a jump to it.
    private func isDefined(_ insn: Instruction, _ hasSkip: Bool) -> Bool {
        switch insn.code {
        case 0x06: knowsGotol
        case 0x0d: knowsGotox && insn.off == 0 && !hasSkip
        case 0x86, 0x8d, 0x8e: insn.src != 1
        default: true
        }
    }
}
