import BPF
import Patching

/// A patcher with a planted fault, to show a finding and to test whether a set-up reports it.
///
/// It runs `delta-array` and then damages the result.
package final class PlantedPatcher: Patcher {
    /// The planted faults.
    package enum Fault: String, CaseIterable, Codable, Sendable {
        /// Backward jumps over code that grew land one instruction too late, as in CVE-2016-2383.
        case backJump = "planted-back-jump"
        /// The aux word of a patched instruction is lost.
        case lostAux = "planted-lost-aux"
        /// A pass with a deletion directly before an append kills the process.
        case trap = "planted-trap"
        /// Jumps to slots past 65,535 land where an index of 16 bits leads.
        case index16 = "planted-16-bit-index"
        /// Subprograms past the 256th overwrite earlier ones, as with a number of 8 bits.
        case subprogram8 = "planted-8-bit-subprogram"
        /// Line records past the 256th overwrite earlier ones, as with a number of 8 bits.
        case line8 = "planted-8-bit-line"
        /// Edits past the 256th are lost, as with a number of 8 bits.
        case edit8 = "planted-8-bit-edit"
        /// Edits past the 1,024th are lost, as with a number of 10 bits.
        case edit10 = "planted-10-bit-edit"
        /// The check of a jump's range reads its immediate for its offset.
        case immediateForOffset = "planted-imm-for-off"

        /// The name on the command line.
        package var name: String { rawValue }

        /// The fault in words, with the commit of Linux at its end if there is one.
        var text: String {
            switch self {
            case .backJump: "a backward jump across code that grew lands one instruction too late (a1b14d27ed09)"
            case .lostAux: "the aux word of a patched instruction is lost"
            case .trap: "a deletion directly before an append kills the process"
            case .index16: "a jump past slot 65,535 lands where the low 16 bits of its target lead"
            case .subprogram8: "the 257th subprogram overwrites the first, as with a number of 8 bits"
            case .line8: "the 257th line record overwrites the first, as with a number of 8 bits"
            case .edit8: "edits after the 256th are lost"
            case .edit10: "edits after the 1,024th are lost"
            case .immediateForOffset: "the check of a jump's range reads its imm in place of its off"
            }
        }
    }

    private let fault: Fault
    private let design = DeltaArray()

    package init(_ fault: Fault) { self.fault = fault }

    package var name: String { fault.name }

    package func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        if fault == .trap { trap(on: pass, input) }
        let pass = pass.prefix(fault.mostEdits)
        let status = design.apply(pass, to: input, into: output)
        if status != .accepted { return status }
        if fault == .immediateForOffset && overflows(pass, input) { return .erange }
        spoil(output.image(), grew: output.insnCount > input.insnCount)
        output.image(as: OutputIndex.self).narrow(fault)
        return status
    }

    private func trap(on pass: PassImage, _ input: ProgramImage<InputIndex>) {
        guard pass.editCount > 1 else { return }
        let before = pass.edit(pass.editCount - 2)
        let last = pass.edit(pass.editCount - 1)
        let isDeadly = before.isDeletion && before.end == last.off && last.off.position == input.insnCount
        precondition(!isDeadly, "planted: this pass is deadly")
    }

    /// Returns true if the immediate of a jump, taken for its offset, does not fit 16 bits after the pass.
    private func overflows(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            if edit.growth <= 0 { continue }
            for slot in 0..<edit.off.position {
                let insn = unsafe input.insns[InputIndex(slot)]
                if insn.jumpKind == .short && slot + 1 + Int(insn.off) > edit.off.position
                    && Int(insn.imm) <= Int(Int16.max) && Int(insn.imm) + edit.growth > Int(Int16.max)
                {
                    return true
                }
            }
        }
        return false
    }

    private func spoil(_ result: ProgramImage<OutputIndex>, grew: Bool) {
        for slot in 0..<result.insnCount {
            var insn = unsafe result.insns[OutputIndex(slot)]
            switch fault {
            case .backJump where grew && insn.jumpKind == .short && insn.off < -2:
                insn.off += 1
                unsafe result.insns[OutputIndex(slot)] = insn
            case .lostAux where unsafe slot > 0 && result.aux[OutputIndex(slot - 1)] == 0:
                unsafe result.aux[OutputIndex(slot)] = 0
            default: break
            }
        }
    }
}

extension PlantedPatcher.Fault {
    /// The number of edits of a pass that are carried out.
    fileprivate var mostEdits: Int {
        switch self {
        case .edit8: 256
        case .edit10: 1024
        default: Int.max
        }
    }
}

extension ProgramImage<OutputIndex> {
    /// Damages a result as an index that is too narrow does.
    fileprivate func narrow(_ fault: PlantedPatcher.Fault) {
        switch fault {
        case .index16:
            for slot in 0..<insnCount {
                var insn = unsafe insns[OutputIndex(slot)]
                let kind = insn.jumpKind
                let target = slot + 1 + insn.jumpOffset(kind)
                if kind == .none || target <= Int(UInt16.max) { continue }
                if insn.setJumpOffset(target & Int(UInt16.max) - slot - 1, kind) {
                    unsafe insns[OutputIndex(slot)] = insn
                }
            }
        case .subprogram8:
            for number in 256..<max(subprogramCount, 256) {
                unsafe subprograms[TableIndex(number & 255)] = subprograms[TableIndex(number)]
            }
        case .line8:
            for number in 256..<max(lineCount, 256) {
                unsafe lines[TableIndex(number & 255)] = lines[TableIndex(number)]
            }
        default: break
        }
    }
}
