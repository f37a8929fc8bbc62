import BPF
import KernelModel

/// Some rules of the verifier that can be checked without a load, for candidates of a minimization.
///
/// The check is rough: decided conditions are unknown to it, so it finds faults in dead code that no verifier sees. But a
/// candidate with more broken rules than the accepted program that it was made from is refused, with few exceptions.
///
/// - Source: 6.12 verifier.c: check_subprogs, check_cfg, check_reg_arg
package struct VerifierRules {
    /// The number of instructions that break a rule: unreachable ones, those that go on after the end of their
    /// subprogram, and those that read a register that no path has set.
    package private(set) var brokenCount = 0
    private let insns: [Instruction]
    /// The registers that some path to each slot has set, a bit each; `nil` for a slot without a path.
    private var known: [UInt16?]
    /// For each slot, the end of its subprogram.
    private var ends: [Int]
    private var pending: [Int] = []

    private static let frame: UInt16 = 1 << 10
    private static let arguments: UInt16 = 0b11_1110

    /// - Complexity: O(slots)
    package init(_ program: LoadableProgram) {
        insns = program.program.insns
        known = Array(repeating: nil, count: insns.count)
        ends = Array(repeating: insns.count, count: insns.count)
        let starts = program.program.subprograms.map { Int($0.start) }
        for (row, start) in starts.enumerated() where start < insns.count {
            let end = row + 1 < starts.count ? starts[row + 1] : insns.count
            for slot in start..<max(min(end, insns.count), start) { ends[slot] = end }
        }
        if insns.isEmpty { return }
        enter(0, with: Self.frame | 1 << 1)
        while let slot = pending.popLast() { leave(slot) }
        for slot in insns.indices {
            if slot > 0 && insns[slot - 1].isWide { continue }
            guard let registers = known[slot] else {
                brokenCount += 1
                continue
            }
            if isBroken(slot, registers) { brokenCount += 1 }
        }
    }

    /// Adds a path to a slot on which some registers are set.
    private mutating func enter(_ slot: Int, with registers: UInt16) {
        guard insns.indices.contains(slot) else { return }
        let old = known[slot]
        let all = (old ?? 0) | registers
        if old == all { return }
        known[slot] = all
        pending.append(slot)
    }

    /// Follows the paths from a slot.
    private mutating func leave(_ slot: Int) {
        let insn = insns[slot]
        guard let before = known[slot] else { return }
        let after = before | written(insn)
        switch insn.jumpKind {
        case .call:
            enter(slot + 1 + Int(insn.imm), with: Self.frame | Self.arguments)
            enter(slot + 1, with: after & ~Self.arguments)
        case .function:
            enter(slot + 1 + Int(insn.imm), with: Self.frame | Self.arguments)
            enter(slot + 2, with: after)
        case .short, .long:
            enter(slot + 1 + insn.jumpOffset(insn.jumpKind), with: after)
            if !insn.isGoto { enter(slot + 1, with: after) }
        case .none:
            if insn.code == Opcode.exit { return }
            enter(slot + (insn.isWide ? 2 : 1), with: insn.code == Opcode.call ? after & ~Self.arguments : after)
        }
    }

    private func isBroken(_ slot: Int, _ registers: UInt16) -> Bool {
        let insn = insns[slot]
        let isEnd = insn.code == Opcode.exit || insn.isGoto
        // The entry alone must return a value.
        let isResult = insn.code == Opcode.exit && slot < ends[0]
        if !isEnd && slot + (insn.isWide ? 2 : 1) >= ends[slot] { return true }
        return (read(insn) | (isResult ? 1 : 0)) & ~registers != 0
    }

    // MARK: Registers

    /// The register that an instruction sets, as a bit; 0 for none.
    private func written(_ insn: Instruction) -> UInt16 {
        switch insn.code & Opcode.classMask {
        case 0x00 where insn.isWide, 0x01, 0x04, 0x07: 1 << UInt16(insn.dst)
        // Packet loads and calls return a value; an atomic operation may fetch one, which was set before.
        case 0x00: 1
        case 0x05 where insn.code == Opcode.call: 1
        default: 0
        }
    }

    /// The registers that an instruction reads, as bits.
    private func read(_ insn: Instruction) -> UInt16 {
        let dst: UInt16 = 1 << UInt16(insn.dst)
        let src: UInt16 = 1 << UInt16(insn.src)
        switch insn.code & Opcode.classMask {
        case 0x00: return 0
        case 0x01: return src
        case 0x02: return dst
        case 0x03: return dst | src
        case 0x04, 0x07:
            let isMove = insn.code & 0xf0 == 0xb0
            let isUnary = insn.code & 0xf0 == 0x80 || insn.code & 0xf0 == 0xd0
            let isRegister = insn.code & Opcode.registerOperand != 0 && !isUnary
            return (isMove ? 0 : dst) | (isRegister ? src : 0)
        default:
            if insn.code == Opcode.call { return insn.src == 0 ? Self.arguments(of: insn.imm) : 0 }
            if insn.isGoto || insn.code == Opcode.exit || insn.code == Opcode.mayGoto { return 0 }
            return dst | (insn.code & Opcode.registerOperand != 0 ? src : 0)
        }
    }

    /// The registers with the arguments of a helper, as bits; none of one that is not known here.
    private static func arguments(of helper: Int32) -> UInt16 {
        let count: UInt16 =
            switch helper {
            case HelperNumber.mapLookup, HelperNumber.timerSetCallback: 2
            case HelperNumber.tailCall: 3
            case HelperNumber.loop, HelperNumber.forEachElement: 4
            default: 0
            }
        return ((1 << count) - 1) << 1
    }
}

extension Instruction {
    /// True if it always jumps.
    fileprivate var isGoto: Bool { code == Opcode.ja || code == Opcode.gotol }
}
