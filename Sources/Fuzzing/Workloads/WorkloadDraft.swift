import BPF
import Patching

/// A pass of a workload while it is written: edits in order, each with its patch.
///
/// Targets within a patch are numbers of its slots; that of the slot behind the last leaves the patch.
struct WorkloadDraft {
    /// The program that the pass is for.
    let input: ProgramImage<InputIndex>
    private let buffer: PassBuffer
    /// Which edits are made.
    var choice: EditChoice
    /// The next marker for fields that the kernel fills with random numbers or addresses of its own.
    private(set) var marker: Int32
    /// How many slots the patch has.
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

    /// Starts the replacement of one instruction; says whether it is made at all.
    @inline(__always)
    mutating func replace(_ slot: InputIndex) -> Bool {
        if !choice.takesNext() { return false }
        unsafe replace(slot, count: input.insns[slot].width)
        return true
    }

    /// Starts the replacement of a range that has been chosen.
    @inline(__always)
    mutating func replace(_ slot: InputIndex, count removed: Int) {
        buffer.addEdit(off: slot, remove: UInt32(removed))
        count = 0
    }

    /// Starts code that stands before an instruction and that jumps to it go past; says whether it is made at all.
    @inline(__always)
    mutating func insertBehindJumps(to slot: InputIndex) -> Bool {
        if !choice.takesNext() { return false }
        buffer.addEdit(off: slot, remove: 0, skip: true)
        count = 0
        return true
    }

    /// Deletes a range that has been chosen.
    @inline(__always)
    mutating func delete(_ slot: InputIndex, count removed: Int) {
        buffer.addEdit(off: slot, remove: UInt32(removed))
    }

    // MARK: Slots of the patch

    /// Puts an instruction at the end of the patch.
    @inline(__always)
    mutating func add(_ insn: Instruction) {
        buffer.addPatch(insn)
        count += 1
    }

    /// Puts the replaced instruction itself at the end of the patch.
    @inline(__always)
    mutating func keep() {
        let place = UInt32(count)
        buffer.updateLast { $0.keep = place }
        add(.zero)
    }

    /// Puts a jump or call at the end of the patch that reaches an instruction of the input.
    @inline(__always)
    mutating func add(_ insn: Instruction, to target: InputIndex) {
        buffer.addRef(Ref(from: PatchIndex(count), to: target))
        add(insn)
    }

    /// Puts a jump to a slot of the patch at its end.
    @inline(__always)
    mutating func jump(to target: Int) {
        add(Instruction(code: Opcode.ja, off: distance(to: target)))
    }

    /// Puts a comparison with a number at the end of the patch, and a jump to a slot of the patch if it holds.
    @inline(__always)
    mutating func jump(
        to target: Int, if register: UInt8, _ condition: Condition, _ imm: Int32, is64: Bool = true
    ) {
        let family = is64 ? Opcode.jumpClass : Opcode.jump32Class
        add(Instruction(code: condition.rawValue | family, dst: register, off: distance(to: target), imm: imm))
    }

    /// Puts a comparison of two registers at the end of the patch, and a jump to a slot of the patch if it holds.
    @inline(__always)
    mutating func jump(to target: Int, if register: UInt8, _ condition: Condition, register other: UInt8) {
        add(
            Instruction(
                code: condition.rawValue | Opcode.jumpClass | Opcode.registerOperand, dst: register, src: other,
                off: distance(to: target)))
    }

    /// Puts a wide load of an address that the kernel would know at the end of the patch.
    @inline(__always)
    mutating func addAddress(to dst: UInt8) {
        add(Instruction(code: Opcode.loadImmediate64, dst: dst, imm: nextMarker()))
        add(Instruction(code: 0, imm: nextMarker()))
    }

    @inline(__always)
    private func distance(to target: Int) -> Int16 { Int16(target - count - 1) }

    // MARK: Markers

    /// A number for a field that may hold anything; never the same twice.
    @inline(__always)
    mutating func nextMarker() -> Int32 {
        marker &+= 1
        return marker &- 1
    }

    /// A marker for where only an offset into an object of the kernel's is free: a multiple of 8 that comes again after
    /// 4,096 others.
    @inline(__always)
    mutating func nextOffset() -> Int16 { Int16(truncatingIfNeeded: (nextMarker() & 4095) * 8) }
}
