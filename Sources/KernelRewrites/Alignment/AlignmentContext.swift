import BPF
import Fuzzing
import KernelModel
import Patching

/// Enumerates the expansions that may replace an instruction of the program, the likely ones first.
struct AlignmentContext {
    let insns: UnsafeTypedBuffer<InputIndex, Instruction>
    let count: Int
    let result: UnsafeTypedBuffer<OutputIndex, Instruction>
    let table: RewriteTable.View
    /// The registers that may hold the context before each instruction; `nil` if none ever does.
    let contexts: UnsafeTypedBuffer<InputIndex, UInt16>?
    /// The accesses of a context that are certainly rewritten.
    let certain: CertainContexts.View
    /// The row for calls of each kernel function of the program.
    let functions: UnsafeTypedBuffer<TableIndex, UInt8>
    let functionCount: Int
    let version: KernelVersion
    /// True if the kernel compiles programs for the processor: only then does it inline helpers.
    let isCompiled: Bool
    /// True if the kernel fills upper halves at random.
    let fillsUpperHalves: Bool
    /// True if the result was blinded.
    let isUnblinded: Bool
    /// True if the program moves addresses between address spaces, so that their arithmetic becomes 32 bits wide.
    let castsAddresses: Bool
    let exceptions: ExceptionUse
    let origins: RegisterOrigins

    /// The next expansion with the number to ask for the one after it; `nil` if there is none.
    ///
    /// - Parameters:
    ///   - number: 0 for the first
    ///   - predictions: with the spills and fills that the alignment removed so far
    func next(
        _ number: Int32, for slot: InputIndex, at place: OutputIndex,
        _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    ) -> (expansion: Expansion, next: Int32)? {
        let barrier = unsafe result[place].isBarrier
        let start = barrier ? place + 1 : place
        guard var found = core(number, for: slot, at: start, predictions) else { return nil }
        let end = start + Int(found.expansion.count)
        if barrier { found.expansion = found.expansion.afterBarrier() }
        if unsafe result[end].isBarrier && insns[slot].isStore {
            found.expansion = found.expansion.followed(by: 1, .nospec)
        } else if unsafe fillsUpperHalves && found.expansion.isItself && result[end].dst == Register.hidden {
            fill(slot, end, &found.expansion)
        }
        return found
    }

    /// Adds the random upper half that follows an expansion.
    private func fill(_ slot: InputIndex, _ end: OutputIndex, _ expansion: inout Expansion) {
        guard let dst = unsafe insns[slot].defined else { return }
        for number in table.rows(at: .around) {
            let entry = table.entry(number)
            if entry.rewrite != .rndHi32 { continue }
            var values = ChosenValues()
            let isThere = unsafe table.match(
                entry, insns[slot], defined: dst, skip: 1, in: result, at: end, isUnblinded: isUnblinded, &values)
            if isThere { expansion = expansion.followed(by: 3, .rndHi32) }
        }
    }

    private func core(
        _ number: Int32, for slot: InputIndex, at place: OutputIndex,
        _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    ) -> (expansion: Expansion, next: Int32)? {
        let insn = unsafe insns[slot]
        if unsafe predictions[slot].kind == .alwaysTaken {
            return number == 0 ? hardWired(slot, at: place).map { ($0, 1) } : nil
        }
        let rows = table.rows(of: insn.code)
        let last = Int32(rows.count)
        let memory = insn.code & Opcode.classMask
        if memory == Opcode.loadClass || memory == Opcode.storeClass || memory == Opcode.storeImmediateClass {
            // Most accesses are unchanged.
            if number == 0, let expansion = unchangedAccess(slot, at: place) { return (expansion, 1) }
            if number <= last, let found = row(rows, from: max(number, 1) - 1, slot, at: place) {
                return (found.expansion, found.next + 1)
            }
            if memory == Opcode.storeClass && insn.code & Opcode.modeMask != Opcode.memoryMode { return nil }
            let (base, register) = (last + 1, memory == Opcode.loadClass ? insn.src : insn.dst)
            if register == Register.frame {
                if memory != Opcode.storeClass { return nil }
                return spill(max(number, base) - base, slot, predictions).map { ($0.expansion, $0.next + base) }
            }
            return access(max(number, base), base, slot, through: register, at: place)
        }
        if number < last, let found = row(rows, from: number, slot, at: place) { return found }
        if number > last || mustChange(slot, rows) { return nil }
        let expansion = itself(slot, at: place)
        return expansion.isThere ? (expansion, last + 1) : nil
    }

    // MARK: Rows

    /// True if a row is for an instruction.
    @inline(__always)
    private func isFor(_ entry: RewriteTable.Entry, _ insn: Instruction) -> Bool {
        if insn.bits & entry.mask != entry.bits || entry.nonzero != 0 && insn.bits & entry.nonzero == 0 { return false }
        if entry.isKernelFunction && functionRow(of: insn) != entry.row { return false }
        return RewriteTable.shared.rows[Int(entry.row)].holds(in: version)
    }

    /// The next row that matches.
    private func row(
        _ rows: Range<Int32>, from first: Int32, _ slot: InputIndex, at place: OutputIndex
    ) -> (expansion: Expansion, next: Int32)? {
        let insn = unsafe insns[slot]
        for number in (rows.lowerBound + first)..<rows.upperBound {
            let entry = table.entry(number)
            if insn.bits & entry.mask != entry.bits { continue }
            var values = ChosenValues()
            if !table.match(entry, insn, in: result, at: place, isUnblinded: isUnblinded, &values)
                || !isFor(entry, insn)
            {
                continue
            }
            var expansion = Expansion(
                rewrite: entry.rewrite, entry: Int16(number), count: entry.count, keep: entry.keep, from: entry.from)
            if entry.from >= 0 {
                guard let target = target(of: slot) else { continue }
                expansion.target = target
            }
            return (expansion, number + 1 - rows.lowerBound)
        }
        return nil
    }

    /// The target of a jump, or the callback of a `bpf_loop`; `nil` if the callback is unknown.
    private func target(of slot: InputIndex) -> InputIndex? {
        let insn = unsafe insns[slot]
        return insn.code == Opcode.call
            ? origins.callback(ofCallAt: slot) : InputIndex(slot.position + 1 + Int(insn.off))
    }

    /// True if no kernel leaves the instruction as it was.
    private func mustChange(_ slot: InputIndex, _ rows: Range<Int32>) -> Bool {
        let insn = unsafe insns[slot]
        return rows.contains { number in
            let entry = table.entry(number)
            return isFor(entry, insn)
                && RewriteTable.shared.rows[Int(entry.row)].isNecessary(in: version, isCompiled: isCompiled)
        }
    }

    private func functionRow(of call: Instruction) -> UInt8 {
        let number = Int(call.imm)
        return unsafe number >= 0 && number < functionCount
            ? functions[TableIndex(number)] : RewriteTable.shared.row(ofFunction: "")
    }

    /// The expansion that differs from the result in one slot, that slot, and its instruction by the row; `nil` if there is
    /// none.
    ///
    /// For a place at which nothing fits: so a fault inside of a patch is told as one.
    func nearest(
        _ slot: InputIndex, at place: OutputIndex
    ) -> (expansion: Expansion, wrong: Int, must: Instruction)? {
        let insn = unsafe insns[slot]
        var best: (expansion: Expansion, wrong: Int, must: Instruction)?
        for number in table.rows(of: insn.code) {
            let entry = table.entry(number)
            if insn.bits & entry.mask != entry.bits || entry.count < 2 || !isFor(entry, insn) { continue }
            let wrong = table.differences(entry, insn, in: result, at: place, isUnblinded: isUnblinded)
            if wrong.count != 1 || entry.count <= best?.expansion.count ?? 0 { continue }
            var expansion = Expansion(rewrite: entry.rewrite, count: entry.count, keep: entry.keep, from: entry.from)
            if entry.from >= 0 {
                guard let target = target(of: slot), wrong[0] != Int(entry.from) else { continue }
                expansion.target = target
            }
            let must = table.expected(wrong[0], of: entry, insn, in: result, at: place, isUnblinded: isUnblinded)
            best = (expansion, wrong[0], must)
        }
        return best
    }

    /// Code at a border, such as the counter of `may_goto`.
    func border(_ kind: RewriteRow.Place, at place: OutputIndex) -> Expansion {
        for number in table.rows(at: kind) {
            let entry = table.entry(number)
            var values = ChosenValues()
            if !table.match(entry, .zero, in: result, at: place, isUnblinded: isUnblinded, &values)
                || !RewriteTable.shared.rows[Int(entry.row)].holds(in: version)
            {
                continue
            }
            return Expansion(rewrite: entry.rewrite, entry: Int16(number), count: entry.count)
        }
        return .missing
    }

    /// The values in an expansion of a row.
    func values(in step: AlignmentStep) -> ChosenValues {
        var values = ChosenValues()
        let insn = unsafe step.kind == .rewritten ? insns[step.slot] : .zero
        _ = table.match(
            table.entry(Int32(step.expansion.entry)), insn, in: result, at: step.place + Int(step.expansion.lead),
            isUnblinded: isUnblinded, &values)
        return values
    }

    /// The slot of an expansion that holds a chosen value, and its instruction with another value.
    func changing(_ number: Int, to value: Int64, in step: AlignmentStep) -> (slot: OutputIndex, insn: Instruction)? {
        table.changing(
            number, to: value, of: table.entry(Int32(step.expansion.entry)), in: result,
            at: step.place + Int(step.expansion.lead))
    }

    // MARK: Loads and stores

    /// An access that is as it was, but for its mode.
    private func unchangedAccess(_ slot: InputIndex, at place: OutputIndex) -> Expansion? {
        let (insn, found) = unsafe (insns[slot], result[place])
        if insn.code & Opcode.classMask == Opcode.storeClass && insn.code & Opcode.modeMask != Opcode.memoryMode {
            // An atomic operation; one in an arena shows by its mode.
            let isArena = found.code == insn.code | Opcode.modeMask && (found.bits ^ insn.bits) >> 8 == 0
            if found.bits != insn.bits && !isArena { return nil }
            var expansion = Expansion.itself(width: 1)
            if isArena { expansion.rewrite = .probeMem }
            let isExtended =
                unsafe insn.isCompareExchange32
                && result[place + 1].bits == Instruction.zeroExtension(of: Register.result).bits
            return isExtended ? expansion.followed(by: 1, .zext) : expansion
        }
        let isLoad = insn.code & Opcode.classMask == Opcode.loadClass
        if isLoad ? !found.isLoad(sameAs: insn) : found.bits != insn.bits { return nil }
        if certain.isRewritten(slot, through: isLoad ? insn.src : insn.dst, insn.off) { return nil }
        var expansion = Expansion.itself(width: 1)
        if found.bits != insn.bits { expansion.rewrite = .probeMem }
        return expansion
    }

    /// An access of a context that is longer than the one before.
    private func access(
        _ number: Int32, _ base: Int32, _ slot: InputIndex, through register: UInt8, at place: OutputIndex
    ) -> (expansion: Expansion, next: Int32)? {
        guard let contexts, unsafe contexts[slot] >> UInt16(register & 15) & 1 != 0 else { return nil }
        let insn = unsafe insns[slot]
        // The same instruction alone is no conversion.
        let isSame = unsafe result[place].bits == insn.bits
        let least = isSame ? max(number - base, 1) : number - base
        let expansion = ContextAccess.match(insn, longerThan: least, result, at: place)
        return expansion.isThere ? (expansion, base + expansion.count) : nil
    }

    /// The spill of a call that clobbers no registers, with all pairs that belong to it: removed.
    private func spill(
        _ number: Int32, _ slot: InputIndex, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    ) -> (expansion: Expansion, next: Int32)? {
        for pairs in max(number, 1)..<6
        where FastcallPattern.isThere(insns, predictions, count, spill: slot, pairs: Int(pairs)) {
            return (Expansion(rewrite: .fastcall, keep: Int8(pairs)), pairs + 1)
        }
        return nil
    }

    // MARK: Unchanged instructions

    /// The jump that replaces a conditional one.
    private func hardWired(_ slot: InputIndex, at place: OutputIndex) -> Expansion? {
        let found = unsafe result[place]
        if (found.bits ^ Instruction.jump(0).bits) & ~0xffff_0000 != 0 { return nil }
        let target = unsafe InputIndex(slot.position + 1 + Int(insns[slot].off))
        return Expansion(rewrite: .hardWired, count: 1, from: 0, target: target)
    }

    /// The instruction as it was, except for fields that the kernel chooses.
    private func itself(_ slot: InputIndex, at place: OutputIndex) -> Expansion {
        let (insn, found) = unsafe (insns[slot], result[place])
        let difference = insn.bits ^ found.bits
        let isSame: Bool
        switch insn.code & Opcode.classMask {
        case Opcode.jumpClass, Opcode.jump32Class:
            // Addresses of calls are checked later, and so are both numbers of calls inside the program.
            isSame =
                insn.code == Opcode.call
                ? found.isKept(insn) || insn.src == Opcode.pseudoCall && UInt16(truncatingIfNeeded: difference) == 0
                : difference & insn.fieldsBesideOffset == 0
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            isSame = difference == 0 || isUnblinded && insn.zeroingAsMove.bits == found.bits || isNarrowed(insn, found)
        default:
            if insn.isWide { return isWide(slot, at: place) ? .itself(width: 2) : .missing }
            isSame = difference == 0
        }
        return isSame ? .itself(width: 1) : .missing
    }

    /// True for address arithmetic that became 32 bits wide.
    private func isNarrowed(_ insn: Instruction, _ found: Instruction) -> Bool {
        if !castsAddresses { return false }
        if insn.bits ^ found.bits == UInt64(Opcode.arithmeticClass ^ Opcode.arithmetic32Class) { return true }
        let move = Instruction.apply(.move, insn.dst, register: insn.src, is64: false)
        return insn.isAddressCast && found.bits == move.bits
    }

    /// A wide load: for a map, the kernel shows its number; for a variable or an address, the address.
    private func isWide(_ slot: InputIndex, at place: OutputIndex) -> Bool {
        let (insn, second) = unsafe (insns[slot], insns[slot + 1])
        let (found, foundSecond) = unsafe (result[place], result[place + 1])
        if !found.isWide || found.dst != insn.dst || found.off != insn.off { return false }
        // The second slot is only a number.
        if UInt32(truncatingIfNeeded: foundSecond.bits) != 0 { return false }
        // The blinded address of a map is not recognizable.
        let isAddress = isUnblinded && found.src == 0
        switch insn.src {
        case 0: return found.bits == insn.bits && foundSecond.bits == second.bits
        // A map has one number before and after.
        case 1: return found.bits == insn.bits || isAddress
        case 2 where found.src == 2: return found.bits == insn.bits && foundSecond.imm == second.imm
        case 5: return found.src == 1 && found.imm == insn.imm || isAddress
        case 2, 6:
            let isValue = found.src == 2 && foundSecond.imm == second.imm
            return found.imm == insn.imm && (isValue || (found.src == 1 && second.imm == 0)) || isAddress
        case Opcode.pseudoFunction: return found.src == insn.src
        default: return true
        }
    }
}
