import BPF
import Fuzzing
import KernelModel
import Patching

/// What may stand in the result for an instruction of the program: one way after the other, the likely ones first.
struct Candidates {
    let insns: UnsafeTypedBuffer<InputIndex, Instruction>
    let count: Int
    let fates: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    let result: UnsafeTypedBuffer<OutputIndex, Instruction>
    /// The registers that may hold the context before each instruction, if any may.
    let contexts: UnsafeTypedBuffer<InputIndex, UInt16>?
    /// The accesses of a context that certainly are rewritten.
    let certain: CertainContexts.View
    /// What is made of calls of the program's kernel functions, by their number.
    let functions: UnsafeTypedBuffer<TableIndex, KernelFunctionShapes.Kind>
    let functionCount: Int
    /// Whether upper halves are filled at random.
    let fillsUpperHalves: Bool
    /// Whether blinding was taken back from the result.
    let isUnblinded: Bool
    /// Whether the program moves addresses between address spaces, whose arithmetic is then made 32 bits wide.
    let castsAddresses: Bool
    /// Whether programs are compiled for the processor: only then are helpers inlined.
    let isCompiled: Bool
    /// Whether signed divisions by -1 are rewritten, as they are since 6.12.
    let guardsMinusOne: Bool
    /// Whether exceptions are thrown.
    let exceptions: ExceptionUse

    /// The next way, and the number to ask with for the one behind it; `nil` when there are no more.
    ///
    /// - Parameter number: 0 for the first way
    func next(_ number: Int32, for slot: InputIndex, at place: OutputIndex) -> (shape: Shape, next: Int32)? {
        let barrier = unsafe result[place].isBarrier
        let start = barrier ? place + 1 : place
        guard var found = core(number, for: slot, reader(at: start)) else { return nil }
        if barrier { found.shape = found.shape.preceded(by: 1, .nospec) }
        let behind = start + Int(found.shape.count - (barrier ? 1 : 0))
        if unsafe result[behind].isBarrier && insns[slot].isStore {
            found.shape = found.shape.followed(by: 1, .nospec)
        } else if unsafe fillsUpperHalves && found.shape.isItself && result[behind].dst == Register.hidden {
            fill(slot, behind, &found.shape)
        }
        return found
    }

    /// Reads the result from a place on.
    @inline(__always)
    func reader(at place: OutputIndex) -> ShapeReader {
        ShapeReader(result, at: place, isUnblinded: isUnblinded)
    }

    /// Lets a shape take the random upper half behind it.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `opt_subreg_zext_lo32_rnd_hi32`
    private func fill(_ slot: InputIndex, _ behind: OutputIndex, _ shape: inout Shape) {
        guard let dst = unsafe insns[slot].defined else { return }
        var reader = reader(at: behind)
        reader.take(anyImm: .assign(Register.hidden, 0))
        reader.take(.apply(.shiftLeft, Register.hidden, 32))
        reader.take(.apply(.or, dst, register: Register.hidden))
        if reader.isThere { shape = shape.followed(by: 3, .rndHi32) }
    }

    private func core(_ number: Int32, for slot: InputIndex, _ reader: ShapeReader) -> (shape: Shape, next: Int32)? {
        let insn = unsafe insns[slot]
        if unsafe fates[slot].kind == .alwaysTaken { return number == 0 ? hardWired(slot, reader) : nil }
        switch insn.code & Opcode.classMask {
        case Opcode.loadClass: return load(number, slot, reader)
        case Opcode.storeClass, Opcode.storeImmediateClass: return store(number, slot, reader)
        default:
            if number > 1 { return nil }
            // A shape is more than an instruction of which much is masked, and may start with it.
            if number == 0 {
                let shape = rewritten(slot, reader)
                if shape.isThere { return (shape, 1) }
            }
            let shape = mustChange(slot) ? .missing : itself(slot, reader)
            return shape.isThere ? (shape, 2) : nil
        }
    }

    /// Whether no kernel lets an instruction stand as it was: where one does, it forgot to rewrite it.
    ///
    /// - Source: 6.1 and 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups` and `fixup_kfunc_call`
    private func mustChange(_ slot: InputIndex) -> Bool {
        let insn = unsafe insns[slot]
        switch insn.code & Opcode.classMask {
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            if !insn.isDivision { return false }
            return insn.code & Opcode.registerOperand != 0 || guardsMinusOne && insn.off == 1 && insn.imm == -1
        case Opcode.jumpClass where insn.code == Opcode.call:
            if insn.src == Opcode.pseudoKernelFunction { return functionKind(of: insn) != .other }
            if insn.src != 0 { return false }
            return insn.imm == HelperNumber.timerSetCallback || isCompiled && insn.imm == HelperNumber.jiffies
        default: return insn.isPacketLoad
        }
    }

    /// The jump that a conditional one became.
    private func hardWired(_ slot: InputIndex, _ start: ShapeReader) -> (shape: Shape, next: Int32)? {
        var reader = start
        reader.take(anyOff: .jump(0))
        var shape = reader.shape(.hardWired)
        shape.from = 0
        shape.target = unsafe InputIndex(slot.position + 1 + Int(insns[slot].off))
        return shape.isThere ? (shape, 1) : nil
    }

    // MARK: Loads and stores

    private func load(_ number: Int32, _ slot: InputIndex, _ reader: ShapeReader) -> (shape: Shape, next: Int32)? {
        let insn = unsafe insns[slot]
        if number == 0 && reader.next.isLoad(sameAs: insn) && !certain.isRewritten(slot, through: insn.src, insn.off) {
            var shape = Shape.itself(width: 1)
            if reader.next.bits != insn.bits { shape.rewrite = .probeMem }
            return (shape, 1)
        }
        if insn.src == Register.frame { return nil }
        if number <= 1 {
            let shape = MemoryShapes.guardedLoad(insn, reader)
            if shape.isThere { return (shape, 2) }
        }
        return access(max(number, 2), 2, slot, through: insn.src, reader)
    }

    /// An access of a context that is longer than the one before.
    private func access(
        _ number: Int32, _ base: Int32, _ slot: InputIndex, through register: UInt8, _ reader: ShapeReader
    ) -> (shape: Shape, next: Int32)? {
        guard let contexts, unsafe contexts[slot] >> UInt16(register & 15) & 1 != 0 else { return nil }
        let insn = unsafe insns[slot]
        // What is rewritten for certain is not the same again by itself.
        let isForgotten = reader.next.bits == insn.bits && certain.isRewritten(slot, through: register, insn.off)
        let least = isForgotten ? max(number - base, 1) : number - base
        let shape = ContextShapes.access(insn, longerThan: least, reader)
        return shape.isThere ? (shape, base + shape.count) : nil
    }

    private func store(_ number: Int32, _ slot: InputIndex, _ reader: ShapeReader) -> (shape: Shape, next: Int32)? {
        let insn = unsafe insns[slot]
        let mode = insn.code & Opcode.modeMask
        if mode != Opcode.memoryMode {
            // An atomic operation; one in an arena shows by its mode.
            let found = reader.next
            let isArena = found.code == insn.code | Opcode.modeMask && (found.bits ^ insn.bits) >> 8 == 0
            if number > 1 || (found.bits != insn.bits && !isArena) { return nil }
            var shape = Shape.itself(width: 1)
            if number == 0 && insn.isCompareExchange32 {
                if reader.peek(1).bits == Instruction.zeroExtension(of: Register.result).bits {
                    return (shape.followed(by: 1, .zext), 1)
                }
            }
            if isArena { shape.rewrite = .probeMem }
            return (shape, 2)
        }
        if number == 0 && reader.next.bits == insn.bits && !certain.isRewritten(slot, through: insn.dst, insn.off) {
            return (.itself(width: 1), 1)
        }
        if insn.dst == Register.frame { return spill(max(number, 1), slot, reader) }
        return access(max(number, 1), 1, slot, through: insn.dst, reader)
    }

    /// The spill of a call that clobbers nothing, with all that belongs to it: removed.
    private func spill(_ number: Int32, _ slot: InputIndex, _ reader: ShapeReader) -> (shape: Shape, next: Int32)? {
        for pairs in number..<6 where FastcallPattern.isThere(insns, fates, count, spill: slot, pairs: Int(pairs)) {
            return (Shape(rewrite: .fastcall, keep: Int8(pairs)), pairs + 1)
        }
        return nil
    }

    // MARK: Everything else

    /// The instruction as it was, but for what the kernel may choose.
    private func itself(_ slot: InputIndex, _ reader: ShapeReader) -> Shape {
        let insn = unsafe insns[slot]
        let found = reader.next
        let difference = insn.bits ^ found.bits
        switch insn.code & Opcode.classMask {
        case Opcode.jumpClass, Opcode.jump32Class:
            if insn.code == Opcode.mayGoto { return .missing }
            if insn.code == Opcode.call { return call(insn, found) }
            return difference & insn.fieldsBesideOffset == 0 ? .itself(width: 1) : .missing
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            if difference == 0 || (isUnblinded && insn.zeroingAsMove.bits == found.bits) { return .itself(width: 1) }
            if !castsAddresses { return .missing }
            let isCast =
                insn.isAddressCast
                && found.bits
                    == Instruction.apply(
                        .move, insn.dst, register: insn.src, is64: false
                    ).bits
            let isNarrowed = difference == UInt64(Opcode.arithmeticClass ^ Opcode.arithmetic32Class)
            return isCast || isNarrowed ? .itself(width: 1) : .missing
        default:
            if insn.isWide { return wide(slot, reader) }
            return difference == 0 ? .itself(width: 1) : .missing
        }
    }

    /// A call: its address and, of one inside of the program, both numbers are looked at later.
    private func call(_ insn: Instruction, _ found: Instruction) -> Shape {
        if found.code != Opcode.call || found.registers != insn.registers { return .missing }
        if insn.src == Opcode.pseudoCall { return .itself(width: 1) }
        if found.off != insn.off { return .missing }
        let isTail = insn.src == 0 && insn.imm == HelperNumber.tailCall
        return isTail == (found.src == 0 && found.imm == HelperNumber.tailCall) ? .itself(width: 1) : .missing
    }

    /// A wide load: of a map, the kernel gives its number; of a variable or an address, where it is.
    private func wide(_ slot: InputIndex, _ reader: ShapeReader) -> Shape {
        let (insn, second) = unsafe (insns[slot], insns[slot + 1])
        let (found, foundSecond) = (reader.next, reader.peek(1))
        if !found.isWide || found.dst != insn.dst || found.off != insn.off { return .missing }
        // The second slot is nothing but a number.
        if UInt32(truncatingIfNeeded: foundSecond.bits) != 0 { return .missing }
        let isThere: Bool
        // A blinded address of a map is not known for one.
        let isAddress = isUnblinded && found.src == 0
        switch insn.src {
        case 0: isThere = found.bits == insn.bits && foundSecond.bits == second.bits
        // A map has one number before and after.
        case 1: isThere = found.bits == insn.bits || isAddress
        case 2 where found.src == 2: isThere = found.bits == insn.bits && foundSecond.imm == second.imm
        case 5: isThere = found.src == 1 && found.imm == insn.imm || isAddress
        case 2, 6:
            let isValue = found.src == 2 && foundSecond.imm == second.imm
            isThere = found.imm == insn.imm && (isValue || (found.src == 1 && second.imm == 0)) || isAddress
        case Opcode.pseudoFunction: isThere = found.src == insn.src
        default: isThere = true
        }
        return isThere ? .itself(width: 2) : .missing
    }

    /// What is made of a call of a kernel function.
    private func functionKind(of call: Instruction) -> KernelFunctionShapes.Kind {
        let number = Int(call.imm)
        return unsafe number >= 0 && number < functionCount ? functions[TableIndex(number)] : .other
    }

    /// Whatever else stands for an instruction that is no load or store.
    private func rewritten(_ slot: InputIndex, _ reader: ShapeReader) -> Shape {
        let insn = unsafe insns[slot]
        switch insn.code & Opcode.classMask {
        case Opcode.jumpClass, Opcode.jump32Class:
            if insn.code == Opcode.mayGoto {
                return JumpShapes.mayGoto(InputIndex(slot.position + 1 + Int(insn.off)), reader)
            }
            if insn.code != Opcode.call { return .missing }
            switch insn.src {
            case 0:
                let shape = CallShapes.helper(insn, reader)
                return shape
            case Opcode.pseudoKernelFunction:
                return KernelFunctionShapes.call(insn, functionKind(of: insn), reader)
            default: return .missing
            }
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            if insn.isDivision {
                if insn.code & Opcode.registerOperand != 0 { return DivisionShapes.byRegister(insn, reader) }
                return insn.off == 1 && insn.imm == -1 ? DivisionShapes.byMinusOne(insn, reader) : .missing
            }
            let isSum = insn.code == Opcode.addRegister || insn.code == Opcode.subtractRegister
            return isSum ? MemoryShapes.pointerArithmetic(insn, reader) : .missing
        default:
            return insn.isPacketLoad ? MemoryShapes.loadAbsolute(insn, reader) : .missing
        }
    }
}
