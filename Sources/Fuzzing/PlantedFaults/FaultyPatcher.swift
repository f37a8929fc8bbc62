import BPF
import Patching

/// The reference as a patcher, with at most one planted fault.
package final class FaultyPatcher: Patcher {
    package let name: String
    private let fault: RuleFault?

    /// Makes a patcher with one fault, or a correct one.
    package init(_ fault: RuleFault?, name: String = "faulty") {
        self.fault = fault
        self.name = name
    }

    package func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let reference = Reference(Pass(pass), on: Program(input))
        let layout = Reference.Layout(reference)
        let jumps = FaultyJumps(reference, layout, fault)
        var insns = layout.origins.map(reference.instruction)
        var overflows = false
        for (slot, origin) in layout.origins.enumerated() {
            guard let (jump, field) = jumps.jump(of: origin) else { continue }
            guard let landing = jumps.landing(of: jump, from: origin) else { return .einval }
            let offset = landing - slot - 1
            overflows = overflows || !fault.fits(offset, field)
            if field == .off {
                insns[slot].off = Int16(truncatingIfNeeded: offset)
            } else {
                insns[slot].imm = Int32(truncatingIfNeeded: offset)
            }
        }
        let tables = FaultyTables(reference: reference, layout: layout, fault: fault)
        let subprograms = tables.subprograms
        if insns.isEmpty || subprograms.isEmpty { return .einval }
        if overflows { return .erange }
        output.load(Program(insns: insns, aux: tables.aux, subprograms: subprograms, lines: tables.lines))
        return .accepted
    }
}

extension RuleFault? {
    /// Returns true if the fault lets an offset pass as fitting its field.
    fileprivate func fits(_ offset: Int, _ field: Reference.OffsetField) -> Bool {
        if field == .callee || (field == .imm && self != .rangeOfGotol) { return true }
        switch self {
        case .rangeUnchecked: return true
        case .rangeCheckedForward: return offset <= 32767
        case .rangeCheckedBackward: return offset >= -32768
        case .rangeStrictForward: return offset >= -32768 && offset < 32767
        case .rangeStrictBackward: return offset > -32768 && offset <= 32767
        default: return offset >= -32768 && offset <= 32767
        }
    }
}
