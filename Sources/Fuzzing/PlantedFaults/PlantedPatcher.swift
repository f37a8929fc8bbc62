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

        /// The name on the command line.
        package var name: String { rawValue }
    }

    private let fault: Fault
    private let design = DeltaArray()

    package init(_ fault: Fault) { self.fault = fault }

    package var name: String { fault.name }

    package func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        if fault == .trap { trap(on: pass, input) }
        let status = design.apply(pass, to: input, into: output)
        if status == .accepted { spoil(output.image(), grew: output.insnCount > input.insnCount) }
        return status
    }

    private func trap(on pass: PassImage, _ input: ProgramImage<InputIndex>) {
        guard pass.editCount > 1 else { return }
        let before = pass.edit(pass.editCount - 2)
        let last = pass.edit(pass.editCount - 1)
        let isDeadly = before.isDeletion && before.end == last.off && last.off.position == input.insnCount
        precondition(!isDeadly, "planted: this pass is deadly")
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
