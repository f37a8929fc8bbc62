import BPF
import Patching

/// A patcher written plainly from the rules, in which one fault can be planted.
///
/// - Complexity: O(slots + edits × lines) a pass
final class FaultyPatcher: Patcher {
    let name = "faulty"
    private let fault: Fault?

    /// Makes a patcher with one fault, or a correct one.
    init(_ fault: Fault?) { self.fault = fault }

    func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        var row = FaultyRow(
            landings: FaultyLandings(program: Program(input), edits: Pass(pass).edits, fault: fault), fault: fault)
        row.write()
        let tables = FaultyTables(landings: row.landings, fault: fault)
        let subprograms = tables.subprograms()
        if row.isDangling || row.insns.isEmpty || subprograms.isEmpty { return .einval }
        if row.overflows { return .erange }
        output.load(Program(insns: row.insns, aux: row.aux, subprograms: subprograms, lines: tables.lines()))
        return .accepted
    }
}

/// Where an offset is, as ``FaultyPatcher`` reads it.
enum FaultyField {
    case none, off, imm, callee
}

extension Fault? {
    /// The field of an instruction that is an offset.
    func field(of insn: Instruction) -> FaultyField {
        let operation = insn.code >> 4
        if insn.code == 0x18 { return insn.src == 4 && self != .pseudoFunctionForgotten ? .callee : .none }
        if insn.code & 7 != 5 && insn.code & 7 != 6 { return .none }
        if operation == 8 {
            if insn.code != 0x85 { return .none }
            if insn.src == 0 && self == .helperTakenForCall { return .callee }
            if insn.src == 2 && self == .kfuncTakenForCall { return .callee }
            return insn.src == 1 && self != .callForgotten ? .callee : .none
        }
        if operation == 9 { return insn.code == 0x95 && self == .exitTakenForJump ? .off : .none }
        switch insn.code {
        case 0x0d: return self == .gotoxTakenForJump ? .off : .none
        case 0x05: return self == .jaForgotten ? .none : .off
        case 0x06: return self == .gotolForgotten ? .none : self == .gotolOff ? .off : .imm
        case 0xe5:
            if self == .mayGotoBackwardForgotten && insn.off < 0 { return .none }
            return self == .mayGotoForgotten ? .none : .off
        default: break
        }
        if self == .conditional32Forgotten && insn.code & 7 == 6 { return .none }
        if self == .unnamedJumpForgotten && operation > 13 { return .none }
        return .off
    }

    /// Whether a 16-bit field is taken to hold an offset.
    func fits(_ offset: Int) -> Bool {
        switch self {
        case .rangeUnchecked: true
        case .rangeCheckedForward: offset <= 32767
        case .rangeCheckedBackward: offset >= -32768
        case .rangeStrictForward: offset >= -32768 && offset < 32767
        case .rangeStrictBackward: offset > -32768 && offset <= 32767
        default: offset >= -32768 && offset <= 32767
        }
    }
}

extension Instruction {
    /// The offset in a field.
    func offset(_ field: FaultyField) -> Int {
        switch field {
        case .none: 0
        case .off: Int(off)
        case .imm, .callee: Int(imm)
        }
    }
}
