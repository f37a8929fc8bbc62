import BPF
import Fuzzing
import KernelModel
import Patching

extension RewriteTable {
    /// The table as loops read it.
    struct View {
        let entries: UnsafeTypedBuffer<Slot, Entry>
        let slots: UnsafeTypedBuffer<Slot, ExpansionSlot>
        let groups: UnsafeTypedBuffer<Slot, Int32>

        /// The rows of instructions with a code.
        @inline(__always)
        func rows(of code: UInt8) -> Range<Int32> { group(Int(code)) }

        func rows(at place: RewriteRow.Place) -> Range<Int32> { group(255 + place.rawValue) }

        @inline(__always)
        private func group(_ number: Int) -> Range<Int32> {
            unsafe groups[Slot(number)]..<groups[Slot(number + 1)]
        }

        @inline(__always)
        func entry(_ number: Int32) -> Entry { unsafe entries[Slot(Int(number))] }

        /// Compares the result at a place with an expansion.
        ///
        /// - Parameters:
        ///   - defined: the register that the instruction defines
        ///   - skip: the slots of the expansion before `place`
        /// - Complexity: O(slots of the expansion)
        func match(
            _ entry: Entry, _ insn: Instruction, defined: UInt8 = 0, skip: Int = 0,
            in result: UnsafeTypedBuffer<OutputIndex, Instruction>, at place: OutputIndex, isUnblinded: Bool,
            _ values: inout ChosenValues
        ) -> Bool {
            for number in skip..<Int(entry.count) {
                let found = unsafe result[place + (number - skip)]
                if !isSlot(number, of: entry, insn, defined, found, isUnblinded, &values) { return false }
            }
            return true
        }

        /// The slots of the result that differ from an expansion.
        ///
        /// - Complexity: O(slots of the expansion)
        func differences(
            _ entry: Entry, _ insn: Instruction, in result: UnsafeTypedBuffer<OutputIndex, Instruction>,
            at place: OutputIndex, isUnblinded: Bool
        ) -> [Int] {
            var values = ChosenValues()
            return (0..<Int(entry.count)).filter { number in
                unsafe !isSlot(number, of: entry, insn, 0, result[place + number], isUnblinded, &values)
            }
        }

        /// The instruction of an expansion in a slot; fields that the kernel chooses are those of the result.
        func expected(
            _ number: Int, of entry: Entry, _ insn: Instruction, in result: UnsafeTypedBuffer<OutputIndex, Instruction>,
            at place: OutputIndex, isUnblinded: Bool
        ) -> Instruction {
            let slot = unsafe slots[Slot(Int(entry.firstSlot) + number)]
            if slot.role == .keep { return insn }
            var values = ChosenValues()
            for other in 0..<Int(entry.count) where other != number {
                _ = unsafe isSlot(other, of: entry, insn, 0, result[place + other], isUnblinded, &values)
            }
            let found = unsafe result[place + number]
            let wanted = bits(slot, insn, 0, found, &values)
            let must = Instruction(bits: wanted & slot.mask | found.bits & ~slot.mask)
            // A value that another slot of the expansion has too.
            if slot.value < 0 || slot.role == .upper || !values.isBound(Int(slot.value)) { return must }
            return slot.with(values[Int(slot.value)], in: must)
        }

        /// The slot of an expansion that holds a chosen value, and its instruction with another value.
        ///
        /// - Returns: `nil` for a constant of two slots
        func changing(
            _ number: Int, to value: Int64, of entry: Entry, in result: UnsafeTypedBuffer<OutputIndex, Instruction>,
            at place: OutputIndex
        ) -> (slot: OutputIndex, insn: Instruction)? {
            for index in 0..<Int(entry.count) {
                let slot = unsafe slots[Slot(Int(entry.firstSlot) + index)]
                if Int(slot.value) != number { continue }
                if slot.role == .upper { return nil }
                let insn = unsafe result[place + index]
                if insn.isWide { return nil }
                return (place + index, slot.with(value, in: insn))
            }
            return nil
        }

        /// Compares one slot.
        @inline(__always)
        private func isSlot(
            _ number: Int, of entry: Entry, _ insn: Instruction, _ defined: UInt8, _ found: Instruction,
            _ isUnblinded: Bool, _ values: inout ChosenValues
        ) -> Bool {
            let slot = unsafe slots[Slot(Int(entry.firstSlot) + number)]
            if slot.role == .keep { return found.isKept(insn) }
            let wanted = bits(slot, insn, defined, found, &values)
            if (found.bits ^ wanted) & slot.mask != 0 {
                if !isUnblinded || found.bits != Instruction(bits: wanted).zeroingAsMove.bits { return false }
            }
            if slot.value < 0 { return true }
            if slot.role == .upper {
                values.setUpper(Int(slot.value), found.imm)
                return true
            }
            let value = Int64(slot.isValueInOff ? Int32(found.off) : found.imm) - Int64(slot.addend)
            return values.bind(Int(slot.value), value)
        }

        /// The bits of a slot; those outside of its mask are of no meaning.
        @inline(__always)
        private func bits(
            _ slot: ExpansionSlot, _ insn: Instruction, _ defined: UInt8, _ found: Instruction,
            _ values: inout ChosenValues
        ) -> UInt64 {
            var wanted = slot.bits
            wanted |= UInt64(register(slot.dst, insn, defined, found.dst, &values)) << 8
            wanted |= UInt64(register(slot.src, insn, defined, found.src, &values)) << 12
            if slot.number != .fixed {
                let value = slot.number == .off ? Int32(insn.off) : insn.imm
                wanted |=
                    slot.isNumberInOff
                    ? UInt64(UInt16(truncatingIfNeeded: value)) << 16 : UInt64(UInt32(bitPattern: value)) << 32
            }
            return wanted
        }

        @inline(__always)
        private func register(
            _ filler: ExpansionSlot.Filler, _ insn: Instruction, _ defined: UInt8, _ found: UInt8,
            _ values: inout ChosenValues
        ) -> UInt8 {
            switch filler {
            case .dst: return insn.dst
            case .src: return insn.src
            case .defined: return defined
            case .argument:
                if values.argument == 0 { values.argument = found }
                return (1...5).contains(values.argument) ? values.argument : 15
            default: return 0
            }
        }
    }
}

extension Instruction {
    /// True if this is an instruction of the program in its own expansion: a call with any address, or a load that may fault.
    @inline(__always)
    func isKept(_ insn: Instruction) -> Bool {
        if bits == insn.bits { return true }
        if insn.code == Opcode.call {
            // A tail call shows as one, and no other call does.
            return (bits ^ insn.bits) & 0xffff_ffff == 0 && !isTailCall && !insn.isTailCall
        }
        return insn.code & Opcode.classMask == Opcode.loadClass && isLoad(sameAs: insn)
    }

    @inline(__always)
    private var isTailCall: Bool { bits == Instruction.callHelper(HelperNumber.tailCall).bits }

    /// True if this is another load, or the same as one that may fault.
    ///
    /// - Source: `BPF_PROBE_MEM` and `BPF_PROBE_MEM32` come back as `MEM`; those that extend the sign come as they are
    @inline(__always)
    func isLoad(sameAs insn: Instruction) -> Bool {
        if bits == insn.bits { return true }
        if insn.code & Opcode.modeMask != 0x80 || (bits ^ insn.bits) >> 8 != 0 { return false }
        let mode = code & Opcode.modeMask
        return code & ~Opcode.modeMask == insn.code & ~Opcode.modeMask && (mode == 0x40 || mode == 0xc0)
    }
}
