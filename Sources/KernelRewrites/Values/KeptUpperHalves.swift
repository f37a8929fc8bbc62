import BPF
import Fuzzing
import KernelModel
import Patching

/// The registers whose upper half is read on every path from a slot on, before the register is defined again.
///
/// The verifier sees at least one of these paths, so it must have kept the upper half.
///
/// Rule ``KernelRule/upperHalf``.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `is_reg64`
struct KeptUpperHalves {
    /// Before each slot, a bit a register.
    private let read: [UInt16]
    /// The same, without paths over a jump, a call or a jump target: where the verifier may prune none of them.
    private let readAtOnce: [UInt16]

    /// - Complexity: O(slots) for each nesting of loops
    init(
        _ input: ProgramImage<InputIndex>, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        _ type: ProgramType
    ) {
        let count = input.insnCount
        let mainEnd = input.end(of: TableIndex(0))
        // Only some types return nothing.
        let returnsValue = type != .lsm && type != .structOps && type != .ext
        var read = Array(repeating: UInt16(0), count: count + 1)
        var isTarget = Array(repeating: false, count: count + 1)
        for number in 0..<count {
            let insn = unsafe input.insns[InputIndex(number)]
            if insn.jumpKind != .none { isTarget[number + 1 + insn.jumpOffset(insn.jumpKind)] = true }
        }
        var readAtOnce = read
        for number in (0..<count).reversed() {
            let insn = unsafe input.insns[InputIndex(number)]
            let isStraight =
                insn.jumpKind == .none && !isTarget[number + 1] && insn.code != Opcode.call && !insn.endsFlow
            let after = isStraight ? readAtOnce[number + 1] : 0
            readAtOnce[number] = after & ~insn.clobbered | insn.wideReads
        }
        self.readAtOnce = zip(readAtOnce, isTarget).map { $1 ? 0 : $0 }
        var isChanged = true
        while isChanged {
            isChanged = false
            for number in (0..<count).reversed() {
                let slot = InputIndex(number)
                let prediction = unsafe predictions[slot]
                if prediction.kind == .dead { continue }
                let insn = unsafe input.insns[slot]
                var after = UInt16.max
                if !insn.endsFlow && prediction.kind != .alwaysTaken { after &= read[number + 1] }
                let kind = insn.jumpKind
                if kind.isJump && prediction.kind != .neverTaken { after &= read[number + 1 + insn.jumpOffset(kind)] }
                if insn.code == Opcode.exit { after = number < mainEnd && returnsValue ? 1 : 0 }
                let before = after & ~insn.clobbered | insn.wideReads
                isChanged = isChanged || before != read[number]
                read[number] = before
            }
        }
        self.read = read
    }

    /// Returns true if every path after a slot reads the upper half of a register.
    func isRead(_ register: UInt8, after slot: InputIndex) -> Bool {
        read[slot.position + 1] >> UInt16(register) & 1 != 0
    }

    /// Returns true if the instructions right after a slot read it, where no path can be pruned in between.
    func isReadAtOnce(_ register: UInt8, after slot: InputIndex) -> Bool {
        isRead(register, after: slot) && readAtOnce[slot.position + 1] >> UInt16(register) & 1 != 0
    }
}

extension Instruction {
    /// The registers that it defines, a bit each.
    fileprivate var clobbered: UInt16 {
        if code == Opcode.call || isPacketLoad { return 0b11_1111 }
        return code == 0 ? 0 : defined.map { 1 << UInt16($0 & 15) } ?? 0
    }

    /// The registers of which it reads all 64 bits, a bit each.
    fileprivate var wideReads: UInt16 {
        let (to, from) = (UInt16(1) << UInt16(dst & 15), UInt16(1) << UInt16(src & 15))
        let isRegister = code & Opcode.registerOperand != 0
        switch code & Opcode.classMask {
        case Opcode.arithmeticClass:
            // A byte swap reads no more than it swaps.
            if code & Opcode.operationMask == 0xd0 { return 0 }
            let isMove = code & Opcode.operationMask == Arithmetic.move.rawValue
            return (isMove ? 0 : to) | (isRegister ? from : 0)
        case Opcode.jumpClass:
            let isComparison = jumpKind == .short && code != Opcode.ja && code != Opcode.mayGoto
            return isComparison ? to | (isRegister ? from : 0) : 0
        case Opcode.storeClass:
            return code == Opcode.storeDouble ? from : 0
        default: return 0
        }
    }
}
