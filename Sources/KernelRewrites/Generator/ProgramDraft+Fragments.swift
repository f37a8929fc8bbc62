import BPF
import Fuzzing
import KernelModel

extension ProgramDraft {
    /// Writes one fragment at a border.
    mutating func writeFragment(_ fragment: Fragment) {
        switch fragment {
        case .mark: writeMark()
        case .change: writeChange()
        case .wideLoad: addWide(keptNumber(), marker(), marker())
        case .atomic: writeAtomic()
        case .condition: writePointerCondition(draws.chance(3, of: 8) ? .near : .later)
        case .conditionOnMemory: writeMemoryCondition(draws.chance(3, of: 8) ? .near : .later)
        case .goto: writeGoto(Opcode.ja)
        case .longGoto: writeGoto(Opcode.gotol)
        case .earlyExit: writeEarlyExit()
        case .deadRun: writeDeadFragment()
        case .nop: writeNops()
        case .extraCall: writeExtraCall()
        case .mayGoto: add(Instruction(code: Opcode.mayGoto), .later)
        case .mayGotoLoop: writeMayGotoLoop()
        case .loop: writeMark()
        case .fastcall: writeFastcall()
        case .lowerHalf: writeLowerHalf()
        case .compareExchange: writeCompareExchange()
        case .contextLoad: writeContextLoad()
        case .contextStore: writeContextStore()
        case .packetRead: writePacketAccess(isWrite: false)
        case .packetWrite: writePacketAccess(isWrite: true)
        case .loadAbsolute: writeLoadAbsolute(isIndirect: false)
        case .loadIndirect: writeLoadAbsolute(isIndirect: true)
        case .divide: writeDivision(isSigned: false)
        case .signedDivide: writeDivision(isSigned: true)
        case .signedByMinusOne: writeSignedByMinusOne()
        case .mapLookup: writeMapLookup()
        case .jumpIntoCall: writeJumpIntoCall()
        case .outerMapLookup: writeOuterMapLookup()
        case .jiffies: add(.callHelper(HelperNumber.jiffies))
        case .processorID: add(.callHelper(HelperNumber.processorID))
        case .mapChange: writeMapChange()
        case .mapQueue: writeMapQueue()
        case .percpuLookup: writePercpuLookup()
        case .redirect: writeRedirect()
        case .currentTask: writeCurrentTask()
        case .socketStorage: writeSocketStorage()
        case .taskStorage: writeTaskStorage()
        case .cgroupStorage: writeCgroupStorage()
        case .listInsert: writeListInsert()
        case .packetPointer: writePacketPointer()
        case .tailCall: writeTailCall()
        case .kernelContext: writeKernelContext()
        case .readOnlyCast: writeReadOnlyCast()
        case .newObject: writeNewObject()
        case .exception: writeException()
        case .functionArgument: writeFunctionArgument()
        case .branchSnapshot: writeBranchSnapshot()
        case .argumentLoad: writeArgumentLoad()
        case .timerCallback, .elementCallback, .treeInsert, .workQueue: writeMark()
        case .kptrExchange: writeKptrExchange()
        case .percpuPointer: writePercpuPointer()
        case .boundedPointer: writeBoundedPointer()
        case .pointerSpill: writePointerSpill()
        }
    }

    /// One of the two registers that hold numbers.
    @inline(__always)
    mutating func keptNumber() -> UInt8 { draws.chance(1, of: 2) ? Kept.number : Kept.other }

    /// The offset of a word in the array's value that any fragment may read and write; the last word is for counters.
    ///
    /// - Units: bytes
    @inline(__always)
    mutating func cell() -> Int16 { Int16(draws.below(7) * 8) }

    /// Makes the result depend on `r0`, if it is a number that is the same in each run.
    mutating func mixResult(isSteady: Bool = true) {
        if isRunnable && !isSteady || draws.chance(1, of: 4) { return }
        switch draws.below(4) {
        case 0: add(.apply(.add, keptNumber(), register: 0))
        case 1: add(.apply(.xor, keptNumber(), register: 0))
        case 2: add(.store(.double, to: Kept.value, cell(), 0))
        default: add(.apply(.xor, keptNumber(), register: 0, is64: false))
        }
    }

    /// Writes one instruction with a marker in it.
    mutating func writeMark() {
        let register = keptNumber()
        switch draws.below(12) {
        case 0, 1: add(.apply(.add, register, marker()))
        case 2, 3: add(.apply(.xor, register, marker()))
        case 4: add(.apply(.subtract, register, marker()))
        case 5: add(.apply(.multiply, register, marker() | 1))
        case 6: add(.apply(.add, register, marker(), is64: false))
        case 7: add(.apply(.xor, register, marker(), is64: false))
        case 8, 9: writeStoredMark()
        case 10: add(.assign(UInt8(draws.below(6)), marker()))
        default: add(.apply(.or, register, marker()))
        }
    }

    /// Stores a marker in the array's value.
    private mutating func writeStoredMark() {
        let size: MemorySize = draws.chance(1, of: 2) ? .word : .double
        add(
            Instruction(
                code: size.rawValue | Opcode.memoryMode | Opcode.storeImmediateClass, dst: Kept.value, off: cell(),
                imm: marker()))
    }

    /// Writes one instruction without a marker, other than the one before it.
    private mutating func writeChange() {
        let register = keptNumber()
        let other = Kept.number + Kept.other - register
        let insn: Instruction
        switch draws.below(10) {
        case 0: insn = .apply(.add, register, register: other)
        case 1: insn = .apply(.xor, register, register: other)
        case 2: insn = .apply(.subtract, register, register: other)
        case 3: insn = .apply(.multiply, register, register: other, is64: draws.chance(1, of: 2))
        case 4: insn = .load(draws.chance(1, of: 2) ? .double : .word, register, from: Kept.value, cell())
        case 5: insn = .load(.byte, register, from: Kept.value, cell() + Int16(draws.below(8)))
        case 6: insn = .store(draws.chance(1, of: 2) ? .double : .word, to: Kept.value, cell(), register)
        case 7: insn = Instruction(code: draws.chance(1, of: 2) ? 0xdc : 0xd4, dst: register, imm: 64)
        case 8: insn = .apply(.negate, register, 0)
        default: insn = .apply(.shiftRight, register, 1 + Int32(draws.below(7)), is64: draws.chance(1, of: 2))
        }
        if insns.last == insn { writeMark() } else { add(insn) }
    }

    /// Changes memory and a register at once.
    private mutating func writeAtomic() {
        let operations: [9 of Int32] = [0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, RegisterEffect.exchange]
        add(
            Instruction(
                code: draws.chance(1, of: 2) ? 0xdb : 0xc3, dst: Kept.value, src: keptNumber(), off: cell(),
                imm: operations[draws.below(9)]))
    }

    /// Writes 32-bit instructions whose upper half is never read.
    private mutating func writeLowerHalf() {
        let register = UInt8(draws.below(6))
        if draws.chance(1, of: 2) {
            add(.load(.word, register, from: Kept.value, cell()))
        } else {
            add(.apply(.move, register, marker(), is64: false))
        }
        for _ in 0..<draws.below(3) {
            add(.apply(draws.chance(1, of: 2) ? .add : .xor, register, marker(), is64: false))
        }
        if draws.chance(1, of: 2) { add(.store(.word, to: Kept.value, cell(), register)) }
    }

    /// Compares and exchanges 32 bits, and then reads 64 or 32 bits of the result.
    private mutating func writeCompareExchange() {
        add(.assign(0, marker()))
        if draws.chance(1, of: 4) { writeAlternative(.assign(0, marker())) }
        add(
            Instruction(
                code: Opcode.storeClass | Opcode.atomicMode, dst: Kept.value, src: keptNumber(), off: cell(),
                imm: RegisterEffect.compareExchange))
        mixResult()
    }

    // MARK: Division

    private mutating func writeDivision(isSigned: Bool) {
        let register = keptNumber()
        let other = draws.chance(3, of: 4) ? Kept.number + Kept.other - register : register
        var insn = Instruction.apply(
            draws.chance(1, of: 2) ? .divide : .modulo, register, register: other, is64: draws.chance(1, of: 2))
        if isSigned { insn.off = 1 }
        add(insn)
    }

    private mutating func writeSignedByMinusOne() {
        var insn = Instruction.apply(
            draws.chance(1, of: 2) ? .divide : .modulo, keptNumber(), -1, is64: draws.chance(1, of: 2))
        insn.off = 1
        add(insn)
    }
}
