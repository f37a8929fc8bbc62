import BPF
import KernelModel

extension Case.Loading.Observed {
    /// The text after `seen:` in a case file.
    package var text: String {
        switch self {
        case .insn(let slot, let insn, let second):
            "slot \(slot) \(Disassembler.text(of: insn, secondSlot: second ?? (insn.isWide ? .zero : nil)))"
        case .target(let slot, let number):
            "slot \(slot) leads to " + (number.map { "subprogram \($0)" } ?? "no subprogram")
        case .value(let value, let flags): "value " + Self.text(value, flags)
        case .length(let count): "slots \(count)"
        case .subprogram(let row, let start): "subprogram \(row) " + (start.map { "at \($0)" } ?? "missing")
        case .refusal(let text): "refusal " + QuotedText.quoted(text)
        case .line(let row, let line): "line \(row) " + (line.map { "id \($0.id) at \($0.insnOff)" } ?? "missing")
        }
    }

    /// A value that a program returned, and the flags of its load.
    package static func text(_ value: UInt32, _ flags: LoadFlags) -> String {
        "\(hexadecimal(value)) with flags \(hexadecimal(flags.rawValue))"
    }

    /// A number as C has it: `0x1f`.
    private static func hexadecimal(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }

    /// The same part of another program; `nil` for a refusal or a value, which are no part of a program.
    package func part(of program: Program) -> Case.Loading.Observed? {
        switch self {
        case .insn(let slot, _, _):
            guard program.insns.indices.contains(slot) else { return nil }
            let next = slot + 1 < program.insns.count ? program.insns[slot + 1] : nil
            let isWide = Disassembler.width(of: program.insns[slot], secondSlot: next) == 2
            return .insn(slot: slot, program.insns[slot], second: isWide ? next : nil)
        case .target(let slot, _):
            guard program.insns.indices.contains(slot), program.insns[slot].jumpKind == .function else {
                return Self.insn(slot: slot, .zero).part(of: program)
            }
            let target = slot + 1 + Int(program.insns[slot].imm)
            return .target(slot: slot, subprogram: program.subprograms.first { Int($0.start) == target }?.id)
        case .length: return .length(program.insns.count)
        case .subprogram(let row, _):
            return .subprogram(
                row: row, start: program.subprograms.indices.contains(row) ? program.subprograms[row].start : nil)
        case .line(let row, _):
            return .line(row: row, program.lines.indices.contains(row) ? program.lines[row] : nil)
        case .refusal, .value: return nil
        }
    }

    /// The same part of the expected result; `nil` if the rules do not define it.
    package func ruled(by expected: Case.Expectation?) -> Case.Loading.Observed? {
        guard case .result(let insns?, _, let subprograms?, let lines?) = expected else { return nil }
        return part(of: Program(insns: insns, aux: [], subprograms: subprograms, lines: lines))
    }

    /// Returns true if two loads of one program show the same fault. Numbers that differ from load to load are ignored.
    ///
    /// The C reproducer of a finding compares in the same way.
    package func isSame(as other: Case.Loading.Observed) -> Bool {
        // A wrong value differs each time: upper halves are filled at random.
        if case .value(_, let flags) = self, case .value(_, let flags2) = other { return flags == flags2 }
        guard case .insn(let slot, let insn, let second) = self,
            case .insn(let slot2, let insn2, let second2) = other
        else { return self == other }
        var (one, two) = (insn, insn2)
        if !insn.hasSteadyNumber { (one.imm, two.imm) = (0, 0) }
        if slot != slot2 || one != two { return false }
        guard let second, let second2, insn.hasSteadyNumber else { return true }
        return second == second2
    }
}

extension Case.Loading {
    /// Returns true if another load of the program shows the fault of this case.
    ///
    /// A number that differs from load to load is compared only if the fault is that number.
    package func isShown(by again: Observed) -> Bool {
        guard let seen else { return true }
        return must?.isSame(as: seen) == true ? again == seen : again.isSame(as: seen)
    }
}

extension Instruction {
    /// True if `imm` is the same in each load. It is not for addresses, map ids and the scratch register.
    fileprivate var hasSteadyNumber: Bool {
        if code == Opcode.call { return src == Opcode.pseudoCall }
        if isWide { return src == 0 || src == Opcode.pseudoFunction }
        return dst != 11
    }
}
