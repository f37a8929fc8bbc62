import BPF
import KernelModel
import Patching

/// Writes instructions that a workload rewrites into a random program.
///
/// It does not overwrite jumps, and new jumps stay in their subprogram. So the program stays well formed, and its other
/// jumps keep their targets.
struct WorkloadSeeder: ~Copyable {
    /// Slots that cannot become the second of a wide load: jump targets, and slots with a line record.
    private var targets = JumpTargets()
    private let helpers = HelperInlining.helpers

    /// An instruction to overwrite, and its subprogram.
    private struct Place {
        let program: ProgramImage<Slot>
        let slot: Slot
        let low: Int
        let high: Int

        /// The number of consecutive instructions of one slot that are not jumps, up to a limit.
        @inline(__always)
        func plainCount(atMost most: Int) -> Int {
            var count = 0
            while count < most && slot.position + count < high {
                let insn = unsafe program.insns[slot + count]
                if insn.isWide || insn.jumpKind != .none { break }
                count += 1
            }
            return count
        }

        /// Overwrites an instruction.
        @inline(__always)
        func write(_ insn: Instruction, at number: Int = 0) { unsafe program.insns[slot + number] = insn }
    }

    /// Overwrites some instructions of a program.
    ///
    /// - Complexity: O(slots)
    mutating func plant(
        _ workload: Workload, in buffer: ProgramBuffer, _ maker: inout SlotMaker, _ draws: inout Draws
    ) {
        let program: ProgramImage<Slot> = buffer.image()
        targets.load(program)
        for row in 0..<program.lineCount { unsafe targets.insert(Slot(Int(program.lines[TableIndex(row)].insnOff))) }
        // In large programs, only the distance of jumps matters.
        let gap = max(1 + draws.below(3), program.insnCount / 128)
        var next = 0
        var walk = InstructionWalk(program)
        while let slot = walk.advance() {
            if slot.position < next { continue }
            let place = Place(program: program, slot: slot, low: walk.homeStart, high: walk.homeEnd)
            let taken = plant(WorkloadSeeder.part(of: workload, &draws), at: place, &maker, &draws)
            next = slot.position + (taken > 0 ? taken + draws.below(gap) : 1)
        }
    }

    /// The workload itself, or one of the parts of ``Workload/verifier``.
    @inline(__always)
    private static func part(of workload: Workload, _ draws: inout Draws) -> Workload {
        if workload != .verifier { return workload }
        let parts: [9 of Workload] = [
            .fastcall, .loopInlining, .deadCode, .nops, .contextAccess, .helperInlining, .divisionGuards, .mayGoto,
            .zeroExtension,
        ]
        return parts[draws.below(9)]
    }

    /// Overwrites the slots at a place, if possible; returns their number.
    private mutating func plant(
        _ workload: Workload, at place: Place, _ maker: inout SlotMaker, _ draws: inout Draws
    ) -> Int {
        var bits = draws.bits()
        if workload == .loopInlining || (workload == .kernelPasses && bits.chance(1, of: 8)) {
            let taken = plantLoop(place, &bits, &draws)
            if taken > 0 || workload == .loopInlining { return taken }
        }
        let plain = place.plainCount(atMost: workload == .fastcall || workload == .kernelPasses ? 5 : 1)
        if plain == 0 { return 0 }
        switch workload {
        case .blinding: place.write(constant(&bits, &maker))
        case .contextAccess: place.write(contextAccess(&bits, at: place))
        case .helperInlining: place.write(.callHelper(draws.pick(helpers)))
        case .zeroExtension, .randomUpperHalves: place.write(lowerHalf(&bits, &maker))
        case .divisionGuards: place.write(division(&bits))
        case .mayGoto: plantJump(Opcode.mayGoto, at: place, &bits, &draws)
        case .deadCode: plantEnd(place, &bits, &draws)
        case .nops: return plantNop(place, &bits)
        case .fastcall: return plantFastcall(place, count: min(bits.below(2) + 1, (plain - 1) / 2), &bits)
        case .kernelPasses:
            if plain >= 3 && bits.chance(1, of: 4) {
                return plantFastcall(place, count: min(bits.below(2) + 1, (plain - 1) / 2), &bits)
            }
            if bits.chance(1, of: 4) && place.slot.position < place.high - 1 {
                place.write(bits.chance(1, of: 4) ? compareExchange(&bits) : lowerHalf(&bits, &maker))
            } else {
                return plantBranch(place, &bits, &draws)
            }
        case .loopInlining, .verifier: return 0
        }
        return 1
    }

    // MARK: Instructions

    /// One of r0, r1, r8 and r9.
    private func register(_ bits: inout DrawnBits) -> UInt8 { UInt8(bits.take(4) & 9) }

    /// An instruction with a constant, in one of the forms that are blinded.
    private func constant(_ bits: inout DrawnBits, _ maker: inout SlotMaker) -> Instruction {
        let codes: [8 of UInt8] = [0xb7, 0x07, 0x54, 0xa7, 0x7a, 0x62, 0x2f, 0xb7]
        let isZero = bits.chance(1, of: 8)
        defer { maker.marker &+= 1 }
        return Instruction(
            code: codes[bits.below(8)], dst: register(&bits), off: -8, imm: isZero ? 0 : maker.marker)
    }

    /// An access through `r1`, or through `r6` after a copy.
    private func contextAccess(_ bits: inout DrawnBits, at place: Place) -> Instruction {
        if place.slot.position == 0 { return .move(6, Register.first) }
        let isMoved = unsafe place.program.insns[Slot(0)] == .move(6, Register.first)
        let context: UInt8 = isMoved && bits.chance(3, of: 4) ? 6 : Register.first
        let sizes: [4 of MemorySize] = [.word, .double, .half, .byte]
        let size = sizes[bits.below(4)]
        let off = Int16(bits.below(64)) & ~Int16(size.bytes - 1)
        switch bits.below(16) {
        case 0, 1, 2: return .store(size, to: context, off, 8)
        // This load overwrites the register.
        case 3: return .load(size, context, from: context, off)
        default: return .load(size, 8, from: context, off)
        }
    }

    /// An instruction that writes 32 bits or reads 64.
    private func lowerHalf(_ bits: inout DrawnBits, _ maker: inout SlotMaker) -> Instruction {
        let register = register(&bits)
        defer { maker.marker &+= 1 }
        switch bits.below(8) {
        case 0: return .store(.double, to: Register.frame, -8, register)
        case 1: return .load(.word, register, from: Register.frame, -8)
        case 2: return .apply(.add, register, register: self.register(&bits), is64: false)
        default: return .apply(.move, register, maker.marker, is64: false)
        }
    }

    /// A cmpxchg of 32 bits.
    private func compareExchange(_ bits: inout DrawnBits) -> Instruction {
        Instruction(
            code: MemorySize.word.rawValue | Opcode.atomicMode | Opcode.storeClass, dst: Register.frame,
            src: register(&bits), off: -8, imm: RegisterEffect.compareExchange)
    }

    /// A division of either width, by a register, or signed by -1.
    private func division(_ bits: inout DrawnBits) -> Instruction {
        let operation: Arithmetic = bits.chance(1, of: 2) ? .divide : .modulo
        let (dst, src) = (register(&bits), register(&bits))
        let is64 = bits.chance(1, of: 2)
        if bits.chance(1, of: 8) {
            var insn = Instruction.apply(operation, dst, -1, is64: is64)
            insn.off = 1
            return insn
        }
        var insn = Instruction.apply(operation, dst, register: src, is64: is64)
        insn.off = Int16(bits.below(2))
        return insn
    }

    // MARK: Jumps

    /// Plants a jump in its subprogram.
    private mutating func plantJump(
        _ code: UInt8, at place: Place, _ bits: inout DrawnBits, _ draws: inout Draws
    ) {
        var target = place.low + draws.below(place.high - place.low)
        if bits.chance(1, of: 2) {
            target = max(place.low, min(place.high - 1, place.slot.position + bits.below(8) - 3))
        }
        if place.program.isSecondSlot(Slot(target)) { target -= 1 }
        let distance = target - place.slot.position - 1
        guard let off = Int16(exactly: distance) else { return }
        place.write(Instruction(code: code, off: off))
        targets.insert(Slot(target))
    }

    /// Plants a jump over some instructions, or rarely another end of a path.
    private mutating func plantEnd(_ place: Place, _ bits: inout DrawnBits, _ draws: inout Draws) {
        let target = place.slot + 2 + bits.below(2)
        let form = bits.below(16)
        if form == 0 {
            place.write(Instruction(code: Opcode.exit))
        } else if form == 1 || target.position >= place.high || place.program.isSecondSlot(target) {
            plantJump(Opcode.ja, at: place, &bits, &draws)
        } else {
            place.write(Instruction(code: Opcode.ja, off: Int16(target - place.slot - 1)))
            targets.insert(target)
        }
    }

    /// Plants a jump with offset 0, possibly with another jump over it.
    private mutating func plantNop(_ place: Place, _ bits: inout DrawnBits) -> Int {
        let plain = place.plainCount(atMost: 2)
        let code = bits.chance(1, of: 2) ? Opcode.ja : Opcode.mayGoto
        let count = bits.chance(1, of: 4) ? plain : 1
        // The target must be in the same subprogram.
        if place.slot.position + count >= place.high { return 0 }
        for number in 0..<count { place.write(Instruction(code: code, off: Int16(count - number - 1)), at: number) }
        targets.insert(place.slot + count)
        return count
    }

    /// Plants a conditional jump, a jump to the next instruction, possibly with another jump over it, or an end of a
    /// path.
    ///
    /// The verifier requires that a subprogram ends with `exit` or a jump.
    private mutating func plantBranch(_ place: Place, _ bits: inout DrawnBits, _ draws: inout Draws) -> Int {
        if place.slot.position == place.high - 1 {
            place.write(Instruction(code: Opcode.exit))
            return 1
        }
        switch bits.below(4) {
        case 0: plantEnd(place, &bits, &draws)
        case 1:
            let codes: [4 of UInt8] = [0x15, 0x5d, 0x26, 0x45]
            plantJump(codes[bits.below(4)], at: place, &bits, &draws)
        default:
            let count = bits.chance(1, of: 4) ? place.plainCount(atMost: 2) : 1
            if place.slot.position + count >= place.high { return 0 }
            for number in 0..<count { place.write(.jump(Int16(count - number - 1)), at: number) }
            targets.insert(place.slot + count)
            return count
        }
        return 1
    }

    // MARK: Several instructions

    /// Plants stores, a call and loads.
    private func plantFastcall(_ place: Place, count: Int, _ bits: inout DrawnBits) -> Int {
        if count <= 0 { return 0 }
        place.write(
            bits.chance(1, of: 2)
                ? .callHelper(HelperNumber.processorID)
                : Instruction(code: Opcode.call, src: Opcode.pseudoKernelFunction, imm: Int32(bits.below(256))),
            at: count)
        for number in 0..<count {
            let register = Register.first + UInt8(number)
            let off = Int16(-8 * (number + 1))
            place.write(.store(.double, to: Register.frame, off, register), at: count - number - 1)
            place.write(.load(.double, register, from: Register.frame, off), at: count + number + 1)
        }
        return 2 * count + 1
    }

    /// Plants a load of a subprogram's address, over a wide load or two instructions, and a call of `bpf_loop`.
    private mutating func plantLoop(_ place: Place, _ bits: inout DrawnBits, _ draws: inout Draws) -> Int {
        let isWide = unsafe place.program.insns[place.slot].isWide
        let call = Place(program: place.program, slot: place.slot + 2, low: place.low, high: place.high)
        let isFree =
            isWide || (place.plainCount(atMost: 2) == 2 && !targets.contains(place.slot + 1))
        if !isFree || call.plainCount(atMost: 1) == 0 { return 0 }
        let program = place.program
        let callback = unsafe program.subprograms[TableIndex(draws.below(program.subprogramCount))].start
        place.write(
            Instruction(
                code: Opcode.loadImmediate64, dst: Register.second, src: Opcode.pseudoFunction,
                imm: Int32(callback) - Int32(place.slot.rawValue) - 1))
        place.write(Instruction(code: 0, imm: Int32(bits.below(65_536))), at: 1)
        call.write(.callHelper(LoopInlining.helper))
        return 3
    }
}
