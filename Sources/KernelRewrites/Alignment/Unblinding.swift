import BPF
import Fuzzing
import Patching

/// Takes the blinding of constants back, which the kernel does last of all: so that the rest of a check has a result without.
///
/// A constant is moved to the hidden register at random, made right there, and used from it. Whatever points into the result
/// must point to the first instruction of the three.
///
/// Rules ``KernelRule/blinding`` and ``KernelRule/blindingOfSubprograms``.
///
/// - Source: 6.12 `kernel/bpf/core.c`, `bpf_jit_blind_constants` and `bpf_jit_blind_insn`
struct Unblinding {
    /// The result as it was before.
    private(set) var program = Program(insns: [], subprograms: [])
    /// Where each slot of it stands in the blinded result; one more for the end.
    private(set) var places: [Int] = []
    private(set) var findings: [Finding] = []
    /// What shows each of them.
    private(set) var evidence: [RewriteEvidence] = []
    /// The slots of the program whose constants must be blinded and are not.
    private(set) var left: [Int] = []
    private let insns: [Instruction]

    /// Takes the blinding of a result back; `nil` when there is none.
    ///
    /// - Complexity: O(slots) where there is none
    init?(_ result: Program) {
        if !result.insns.contains(where: { $0.isUnmasking }) { return nil }
        insns = result.insns
        fold()
        relocate(result)
    }

    /// The first slot whose constant must be blinded, in a result without blinding.
    static func left(in result: Program) -> [Int] {
        result.insns.firstIndex { $0.isBlindable && $0.blindedCount > 1 }.map { [$0] } ?? []
    }

    // MARK: Instructions

    private func insn(_ place: Int) -> Instruction { place < insns.count ? insns[place] : .zero }

    private mutating func fold() {
        var place = 0
        while place < insns.count {
            if let constant = constant(at: place) {
                if insn(place + 2).bits == Instruction.apply(.shiftLeft, Register.hidden, 32).bits {
                    place = foldWide(constant, place)
                    continue
                }
                if let folded = insn(place + 2).withConstant(constant) {
                    add(folded, place)
                    place += 3
                    continue
                }
            }
            if insn(place).isBlindable { left.append(program.insns.count) }
            add(insn(place).isZeroing ? .assign(insn(place).dst, 0) : insn(place), place)
            place += 1
        }
        places.append(place)
    }

    private mutating func add(_ insn: Instruction, _ place: Int) {
        program.insns.append(insn)
        places.append(place)
    }

    /// What the hidden register holds after two instructions that set it.
    private func constant(at place: Int) -> Int32? {
        let (first, second) = (insn(place), insn(place + 1))
        let is64 = first.code == Opcode.movImmediate64
        if first.bits & 0xffff_ffff != Instruction.apply(.move, Register.hidden, 0, is64: is64).bits { return nil }
        if second.bits & 0xffff_ffff != Instruction.apply(.xor, Register.hidden, 0, is64: is64).bits { return nil }
        return first.imm ^ second.imm
    }

    /// The two halves of a wide load, each blinded by itself; says where the result goes on.
    private mutating func foldWide(_ high: Int32, _ place: Int) -> Int {
        let dst = insn(place + 3).dst
        var end = place + 6
        if insn(end).bits == Instruction.zeroExtension(of: Register.hidden).bits { end += 1 }
        guard insn(place + 3).bits == Instruction.move(dst, Register.hidden).bits, let low = constant(at: place + 4),
            insn(end).bits == Instruction.apply(.or, dst, register: Register.hidden).bits
        else {
            add(insn(place), place)
            return place + 1
        }
        add(Instruction(code: Opcode.loadImmediate64, dst: dst, imm: low), place)
        add(Instruction(code: 0, imm: high), place + 4)
        return end + 1
    }

    // MARK: What points to instructions

    private mutating func relocate(_ result: Program) {
        // The index of what stands first at a place; negative for what is behind it.
        var index = Array(repeating: -1, count: insns.count + 1)
        for (number, place) in places.enumerated() { index[place] = number }
        for number in program.insns.indices {
            let insn = program.insns[number]
            let kind = insn.jumpKind
            if kind == .none || (number > 0 && program.insns[number - 1].isWide) { continue }
            // A compiled call keeps more than its offset; those of blinded programs come later than this kernel.
            if kind == .call { continue }
            let last = kind == .function ? places[number] : places[number + 1] - 1
            let target = last + 1 + insn.jumpOffset(kind)
            guard target >= 0 && target < index.count && index[target] >= 0 else {
                let at = kind == .function ? places[number] : last
                findings.append(wrong(.wrongLanding, insn.isWide ? "pseudo-func" : "jump", at, target))
                let seen = Case.Loading.Observed.insn(slot: at, .zero).part(of: result)!
                var must: Case.Loading.Observed?
                if case .insn(_, var right, let second) = seen, let start = start(of: target),
                    right.setJumpOffset(start - at - 1, kind)
                {
                    must = .insn(slot: at, right, second: second)
                }
                evidence.append(RewriteEvidence(seen: seen, must: must))
                continue
            }
            _ = program.insns[number].setJumpOffset(index[target] - number - 1, kind)
        }
        program.aux = Array(repeating: 0, count: program.insns.count)
        for (row, subprogram) in result.subprograms.enumerated() {
            guard let start = slot(Int(subprogram.start), index, .subprogram, "start", row) else {
                let right = self.start(of: Int(subprogram.start)).map { UInt32($0) }
                evidence.append(
                    RewriteEvidence(
                        seen: .subprogram(row: row, start: subprogram.start),
                        must: right.map { .subprogram(row: row, start: $0) }))
                continue
            }
            program.subprograms.append(Subprogram(start: start, id: subprogram.id))
        }
        for (row, line) in result.lines.enumerated() {
            guard let off = slot(Int(line.insnOff), index, .line, "record", row) else {
                let right = start(of: Int(line.insnOff)).map { LineRecord(insnOff: UInt32($0), id: line.id) }
                evidence.append(RewriteEvidence(seen: .line(row: row, line), must: right.map { .line(row: row, $0) }))
                continue
            }
            program.lines.append(LineRecord(insnOff: off, id: line.id))
        }
    }

    private mutating func slot(
        _ place: Int, _ index: [Int], _ rule: BrokenRule, _ name: String, _ row: Int
    ) -> UInt32? {
        if place < insns.count && index[place] >= 0 { return UInt32(index[place]) }
        findings.append(wrong(rule, name, row, place))
        return nil
    }

    /// The first of the blinded instructions that a slot is among; `nil` outside the program.
    private func start(of slot: Int) -> Int? {
        slot >= 0 && slot < insns.count ? places.last { $0 <= slot } : nil
    }

    private func wrong(_ rule: BrokenRule, _ name: String, _ place: Int, _ target: Int) -> Finding {
        Finding(
            target: Finding.kernelTarget, rule: rule, insn: name, edit: "blinding", pass: 0, place: place,
            detail: "slot \(target), to which it points, is inside of a blinded instruction")
    }

    /// The folded instructions as steps of an alignment, to be counted.
    var steps: [AlignmentStep] {
        program.insns.indices.compactMap { number in
            let size = places[number + 1] - places[number]
            if size == 1 { return nil }
            return AlignmentStep(
                kind: .rewritten, slot: InputIndex(number), width: 1, place: OutputIndex(places[number]),
                expansion: Expansion(rewrite: .blinding, count: Int32(size)))
        }
    }
}

extension Instruction {
    /// Whether it makes the hidden register right: nothing else xors a constant there.
    @inline(__always)
    var isUnmasking: Bool { dst == Register.hidden && (code == 0xa7 || code == 0xa4) }

    /// The slots after it if it is blinded; 1 if it is not.
    ///
    /// - Source: 6.12 `kernel/bpf/core.c`, `bpf_jit_blind_insn`
    var blindedCount: Int {
        if !isBlindable { return 1 }
        // The second slot of a wide load is blinded by itself.
        if isWide { return 4 }
        return imm == 0 && (code == Opcode.movImmediate64 || code == 0xb4) ? 1 : 3
    }

    /// True if blinding replaces its constant.
    ///
    /// - Source: 6.12 `kernel/bpf/core.c`, `bpf_jit_blind_insn`
    var isBlindable: Bool {
        if dst == Register.hidden || src == Register.hidden { return false }
        let operation = code & Opcode.operationMask
        switch code & Opcode.classMask {
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            if code & Opcode.registerOperand != 0 { return false }
            switch Arithmetic(rawValue: operation) {
            case .add, .subtract, .and, .or, .xor, .multiply, .move, .divide, .modulo: return true
            default: return false
            }
        case Opcode.jumpClass, Opcode.jump32Class:
            return code & Opcode.registerOperand == 0 && Condition(rawValue: operation) != nil
        case Opcode.storeImmediateClass: return code & Opcode.modeMask == Opcode.memoryMode
        default: return isWide && src != Opcode.pseudoFunction
        }
    }

    /// `rD ^= rD`, which stands for a move of 0.
    @inline(__always)
    var isZeroing: Bool {
        code == 0xaf && dst == src && dst != Register.hidden && off == 0 && imm == 0
    }

    /// The same with 64 bits wherever blinding makes one of them: a register is set to 0.
    @inline(__always)
    var zeroingAsMove: Instruction {
        let isMove = (code == 0xb7 || code == 0xb4) && imm == 0 && off == 0
        return isZeroing || isMove ? .assign(dst, 0) : self
    }

    /// The instruction with a constant where it uses the hidden register; `nil` where it does not.
    func withConstant(_ constant: Int32) -> Instruction? {
        if src != Register.hidden || dst == Register.hidden || imm != 0 { return nil }
        var insn = self
        insn.src = 0
        insn.imm = constant
        switch code & Opcode.classMask {
        case Opcode.storeClass: insn.code ^= Opcode.storeClass ^ Opcode.storeImmediateClass
        case Opcode.loadClass, Opcode.storeImmediateClass, 0: return nil
        default:
            if code & Opcode.registerOperand == 0 { return nil }
            insn.code ^= Opcode.registerOperand
        }
        return insn
    }
}
