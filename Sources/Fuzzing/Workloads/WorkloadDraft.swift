import BPF
import Patching

/// Writes a pass of a workload: edits in order, each with its patch.
///
/// Targets in a patch are numbers of its slots; the number after the last one leaves the patch.
struct WorkloadDraft {
    /// The input of the pass.
    let input: ProgramImage<InputIndex>
    private let buffer: PassBuffer
    /// The choice of edits.
    var choice: EditChoice
    /// The next marker, for fields that the kernel fills with random numbers or addresses.
    private(set) var marker: Int32
    /// The length of the patch.
    private var count = 0

    /// Starts an empty pass.
    init(for input: ProgramImage<InputIndex>, into buffer: PassBuffer, _ choice: EditChoice, marker: Int32) {
        self.input = input
        self.buffer = buffer
        self.choice = choice
        self.marker = marker
        buffer.removeAll()
    }

    // MARK: Edits

    /// Starts the replacement of one instruction; returns false if it is not chosen.
    @inline(__always)
    mutating func replace(_ slot: InputIndex) -> Bool {
        if !choice.takesNext() { return false }
        unsafe replace(slot, count: input.insns[slot].width)
        return true
    }

    /// Starts the replacement of a chosen range.
    @inline(__always)
    mutating func replace(_ slot: InputIndex, count removed: Int) {
        buffer.addEdit(off: slot, remove: UInt32(removed))
        count = 0
    }

    /// Starts an insertion before an instruction. Jumps to the instruction skip it. Returns false if it is not chosen.
    @inline(__always)
    mutating func insertBehindJumps(to slot: InputIndex) -> Bool {
        if !choice.takesNext() { return false }
        buffer.addEdit(off: slot, remove: 0, skip: true)
        count = 0
        return true
    }

    /// Deletes a chosen range.
    @inline(__always)
    mutating func delete(_ slot: InputIndex, count removed: Int) {
        buffer.addEdit(off: slot, remove: UInt32(removed))
    }

    // MARK: Slots of the patch

    /// Adds an instruction to the patch.
    @inline(__always)
    mutating func add(_ insn: Instruction) {
        buffer.addPatch(insn)
        count += 1
    }

    /// Adds the replaced instruction itself to the patch.
    @inline(__always)
    mutating func keep() {
        let place = UInt32(count)
        buffer.updateLast { $0.keep = place }
        add(.zero)
    }

    /// Adds a jump or call to an instruction of the input.
    @inline(__always)
    mutating func add(_ insn: Instruction, to target: InputIndex) {
        buffer.addRef(Ref(from: PatchIndex(count), to: target))
        add(insn)
    }

    /// Adds a jump to a slot of the patch.
    @inline(__always)
    mutating func jump(to target: Int) {
        add(Instruction(code: Opcode.ja, off: distance(to: target)))
    }

    /// Adds a conditional jump to a slot of the patch, which compares a register with a number.
    @inline(__always)
    mutating func jump(
        to target: Int, if register: UInt8, _ condition: Condition, _ imm: Int32, is64: Bool = true
    ) {
        let family = is64 ? Opcode.jumpClass : Opcode.jump32Class
        add(Instruction(code: condition.rawValue | family, dst: register, off: distance(to: target), imm: imm))
    }

    /// Adds a conditional jump to a slot of the patch, which compares two registers.
    @inline(__always)
    mutating func jump(to target: Int, if register: UInt8, _ condition: Condition, register other: UInt8) {
        add(
            Instruction(
                code: condition.rawValue | Opcode.jumpClass | Opcode.registerOperand, dst: register, src: other,
                off: distance(to: target)))
    }

    /// Adds a wide load of a kernel address.
    @inline(__always)
    mutating func addAddress(to dst: UInt8) {
        add(Instruction(code: Opcode.loadImmediate64, dst: dst, imm: nextMarker()))
        add(Instruction(code: 0, imm: nextMarker()))
    }

    @inline(__always)
    private func distance(to target: Int) -> Int16 { Int16(target - count - 1) }

    // MARK: Markers

    /// A unique number for a free field.
    @inline(__always)
    mutating func nextMarker() -> Int32 {
        marker &+= 1
        return marker &- 1
    }

    /// A marker for the offset into a kernel object: a multiple of 8, which repeats after 4,096 others.
    @inline(__always)
    mutating func nextOffset() -> Int16 { Int16(truncatingIfNeeded: (nextMarker() & 4095) * 8) }
}
