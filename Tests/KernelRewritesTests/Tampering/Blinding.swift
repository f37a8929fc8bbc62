import BPF

/// The constants of a result blinded, as a kernel does it where `net.core.bpf_jit_harden` is 2.
///
/// The setting is one for the whole machine, so a test does not change it. Only programs of one function are blinded in the
/// dump of a kernel, and only these are blinded here.
///
/// - Source: 6.12 `kernel/bpf/core.c`, `bpf_jit_blind_constants` and `bpf_jit_blind_insn`
struct Blinding {
    private let source: Program
    /// The blinded result.
    private(set) var program = Program(insns: [], aux: [])
    /// The slots of it for each slot of the result.
    private(set) var places: [Range<Int>] = []

    /// The hidden register.
    private static let hidden: UInt8 = 11

    /// Blinds a result of one function.
    init(_ result: Program, using numbers: inout some RandomNumberGenerator) {
        source = result
        for slot in result.insns.indices {
            let start = program.insns.count
            if slot > 0 && result.insns[slot - 1].isWide {
                program.insns += Self.lowerHalf(of: result.insns[slot - 1], numbers.next32())
            } else if result.insns[slot].isWide {
                program.insns += Self.upperHalf(of: result.insns[slot], result.insns[slot + 1], numbers.next32())
            } else {
                program.insns += Self.blinded(result.insns[slot], numbers.next32())
            }
            places.append(start..<program.insns.count)
        }
        for slot in result.insns.indices {
            guard let target = result.target(at: slot) else { continue }
            let last = places[slot].upperBound - 1
            _ = program.insns[last].setJumpOffset(start(of: target) - last - 1, program.insns[last].jumpKind)
        }
        program.aux = Array(repeating: 0, count: program.insns.count)
        program.subprograms = result.subprograms
        program.lines = result.lines.map { LineRecord(insnOff: UInt32(start(of: Int($0.insnOff))), id: $0.id) }
    }

    // MARK: Changes

    /// A change of the result as one of the blinded result; `nil` for one that blinding covers.
    func moved(_ change: Change) -> Change? {
        var change = change
        change.place = .blinded
        switch change.edit {
        case .slots(let slots):
            let slots = slots.flatMap { moved($0.slot, $0.insn) }
            if slots.allSatisfy({ program.insns[$0.slot] == $0.insn }) { return nil }
            change.edit = .slots(slots)
        case .start: break
        case .line(let row, let record):
            change.edit = .line(
                row: row, record.map { LineRecord(insnOff: UInt32(start(of: Int($0.insnOff))), id: $0.id) })
        case .left(let slot, let insns): change.edit = .left(slot: start(of: slot), insns)
        case .removed(let slot): change.edit = .removed(slot: start(of: slot))
        case .unblinded: return nil
        }
        return change
    }

    /// A changed instruction of the result, where the blinded result has it; empty for a wide load.
    private func moved(_ slot: Int, _ insn: Instruction) -> [(slot: Int, insn: Instruction)] {
        let old = source.insns[slot]
        if old.isWide || insn.isWide || slot > 0 && source.insns[slot - 1].isWide { return [] }
        let (first, last) = (places[slot].lowerBound, places[slot].upperBound - 1)
        var blinded = program.insns[last]
        if first == last && old.bits == blinded.bits {
            blinded = insn
        } else if first == last {
            // A cleared register.
            return []
        } else {
            blinded.code ^= old.code ^ insn.code
            blinded.dst = insn.dst
            blinded.off = insn.off
        }
        if insn.jumpKind != .none {
            _ = blinded.setJumpOffset(start(of: slot + 1 + insn.jumpOffset(insn.jumpKind)) - last - 1, insn.jumpKind)
            return [(last, blinded)]
        }
        if first == last || old.imm == insn.imm { return [(last, blinded)] }
        var constant = program.insns[first]
        constant.imm ^= old.imm ^ insn.imm
        return [(first, constant), (last, blinded)]
    }

    /// The changes that only a blinded result has: a constant that is left, and a wrong one.
    var changes: [Change] {
        var changes: [Change] = []
        for (slot, range) in places.enumerated() where range.count == 3 && !program.insns[range.lowerBound + 2].isWide {
            if slot > 0 && source.insns[slot - 1].isWide { continue }
            var wrong = program.insns[range.lowerBound]
            wrong.imm ^= 1
            changes.append(
                Change(kind: .constant, place: .blinded, rewrite: .blinding, edit: .slots([(range.lowerBound, wrong)])))
            changes.append(
                Change(
                    kind: .unblinded, place: .blinded, rewrite: .blinding, edit: .unblinded(range, source.insns[slot])))
        }
        return changes
    }

    private func start(of slot: Int) -> Int {
        slot < 0 ? slot : slot < places.count ? places[slot].lowerBound : program.insns.count
    }

    private static func mask(_ code: UInt8, _ random: Int32, _ constant: Int32) -> [Instruction] {
        [
            Instruction(code: 0xb0 | code, dst: hidden, imm: random ^ constant),
            Instruction(code: 0xa0 | code, dst: hidden, imm: random),
        ]
    }

    private static func blinded(_ insn: Instruction, _ random: Int32) -> [Instruction] {
        if insn.dst == hidden || insn.src == hidden { return [insn] }
        var last = insn
        last.src = hidden
        last.imm = 0
        let operation = insn.code & 0xf0
        switch insn.code & 0x0f {
        case 0x04 where insn.imm == 0 && operation == 0xb0, 0x07 where insn.imm == 0 && operation == 0xb0:
            return [Instruction(code: 0xaf, dst: insn.dst, src: insn.dst)]
        // Arithmetic with a constant: no shift, negation or byte swap.
        case 0x04, 0x07:
            if ![0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x90, 0xa0, 0xb0].contains(operation) { return [insn] }
            last.code |= 0x08
            return mask(insn.code & 0x07, random, insn.imm) + [last]
        case 0x05, 0x06:
            if [0x00, 0x80, 0x90, 0xe0, 0xf0].contains(operation) { return [insn] }
            last.code |= 0x08
            return mask(insn.code & 0x07 == 0x06 ? 0x04 : 0x07, random, insn.imm) + [last]
        case 0x02, 0x0a:
            // A store of a constant; a barrier is none.
            if insn.code & 0xe0 != 0x60 { return [insn] }
            last.code += 1
            return mask(0x07, random, insn.imm) + [last]
        default: return [insn]
        }
    }

    /// The number of a map is no address; a real kernel has one there.
    private static func address(_ insn: Instruction, _ second: Instruction) -> (low: Int32, high: Int32) {
        insn.src == 0 ? (insn.imm, second.imm) : (insn.imm &* 4096 &+ second.imm &+ 0x1234_5000, -30_000)
    }

    private static func upperHalf(of insn: Instruction, _ second: Instruction, _ random: Int32) -> [Instruction] {
        mask(0x07, random, address(insn, second).high) + [
            Instruction(code: 0x67, dst: hidden, imm: 32), Instruction(code: 0xbf, dst: insn.dst, src: hidden),
        ]
    }

    private static func lowerHalf(of insn: Instruction, _ random: Int32) -> [Instruction] {
        mask(0x04, random, address(insn, .zero).low) + [Instruction(code: 0x4f, dst: insn.dst, src: hidden)]
    }
}

extension RandomNumberGenerator {
    fileprivate mutating func next32() -> Int32 { Int32(truncatingIfNeeded: next()) }
}
