import BPF
import KernelModel
import KernelRewrites

/// Lists the changes of the values in one patch.
struct PatchValues {
    private let right: Program
    private let rewrite: Rewrite
    private let result: Range<Int>
    /// The rewritten instruction; `nil` for code that is put in front of one.
    private let input: Instruction?
    private(set) var changes: [Change] = []

    init(_ right: Program, _ rewrite: Rewrite, input: LoadableProgram, slots: Range<Int>, result: Range<Int>) {
        self.right = right
        self.rewrite = rewrite
        self.result = result
        self.input = slots.isEmpty ? nil : input.program.insns[slots.lowerBound]
    }

    private var place: Change.Place { rewrite == .context ? .inContext : .inPatch }

    mutating func list() {
        // In place, the kernel changes a code and nothing else.
        if rewrite == .inPlace { return }
        for slot in result {
            let insn = right.insns[slot]
            if slot > 0 && right.insns[slot - 1].isWide { continue }
            if insn.isWide {
                add(insn.src == 0 ? .address : .register, slot) { insn in
                    if insn.src == 0 { insn.imm &+= 64 } else { insn.dst = (insn.dst + 1) % 10 }
                }
                continue
            }
            switch insn.code & 0x07 {
            case 0x01, 0x02, 0x03: access(slot, insn)
            case 0x04, 0x07: arithmetic(slot, insn)
            default: jump(slot, insn)
            }
        }
    }

    private mutating func add(_ kind: Change.Kind, _ slot: Int, _ edit: (inout Instruction) -> Void) {
        var insn = right.insns[slot]
        edit(&insn)
        if insn == right.insns[slot] { return }
        changes.append(Change(kind: kind, place: place, rewrite: rewrite, edit: .slots([(slot, insn)])))
    }

    // MARK: Kinds of instructions

    private mutating func access(_ slot: Int, _ insn: Instruction) {
        let isLoad = insn.code & 0x07 == 0x01
        if insn.code & 0xe0 != 0x60 && insn.code & 0xe0 != 0x20 { return }
        let base = isLoad ? insn.src : insn.dst
        for amount in [8, -8, 1] as [Int16] { add(base == 10 ? .stack : .field, slot) { $0.off &+= amount } }
        add(rewrite == .context ? .field : .size, slot) { $0.code ^= 0x08 }
        addRegister(slot)
        if insn.code & 0x07 == 0x02 { add(.constant, slot) { $0.imm &+= 1 } }
    }

    /// True for the shift and mask after a load that is narrower than its field; other shifts and masks are of the field.
    private func isNarrowing(_ slot: Int) -> Bool {
        guard rewrite == .context, let input, input.code & 0x07 == 0x01 else { return false }
        let size = [4, 2, 1, 8][Int(input.code >> 3 & 3)]
        let mask = right.insns[result.upperBound - 1]
        if size == 8 || mask.code != 0x54 || mask.imm != Int32(truncatingIfNeeded: UInt64(1) << UInt64(size * 8) &- 1) {
            return false
        }
        let isShift = right.insns[slot].code & 0xf0 == 0x70
        return slot == result.upperBound - 1 || isShift && slot == result.upperBound - 2
    }

    private mutating func arithmetic(_ slot: Int, _ insn: Instruction) {
        let operation = insn.code & 0xf0
        // The random upper half is the kernel's to choose.
        let isRandom = rewrite == .rndHi32 && operation == 0xb0
        if insn.code & 0x08 == 0 && !isRandom && operation != 0x80 {
            let isField = rewrite == .context && !isNarrowing(slot)
            let kind: Change.Kind =
                switch operation {
                case _ where isField: .field
                // The place of a bit in a structure of the kernel.
                case 0x50 where rewrite == .prologue: .field
                // The address of a variable of each processor.
                case 0xb0 where rewrite == .processorID: .address
                // The size of an object.
                case 0xb0 where rewrite == .kernelFunction: .element
                case 0x20 where rewrite == .mapLookup, 0x60 where rewrite == .mapLookup: .element
                case 0x00 where rewrite == .mapLookup: .base
                case 0x60, 0x70, 0xc0: .shift
                case 0x50: .mask
                default: .constant
                }
            switch kind {
            case .shift: for amount in [1, -1, 8] as [Int32] { add(kind, slot) { $0.imm &+= amount } }
            case .mask:
                add(kind, slot) { $0.imm = Int32(bitPattern: UInt32(bitPattern: $0.imm) >> 1) }
                add(kind, slot) { $0.imm = $0.imm << 1 | 1 }
                add(kind, slot) { $0.imm ^= 1 }
            case .address: add(kind, slot) { $0.imm &+= 64 }
            default: for amount in [1, -1, 8] as [Int32] { add(kind, slot) { $0.imm &+= amount } }
            }
        }
        // Both widths clear a register, and both set it to a constant that is not negative.
        let isSame = insn.code & 0xf8 == 0xa8 && insn.dst == insn.src || insn.code & 0xf8 == 0xb0 && insn.imm >= 0
        if !isSame { add(rewrite == .context ? .field : .half, slot) { $0.code ^= 0x03 } }
        addRegister(slot)
    }

    private mutating func jump(_ slot: Int, _ insn: Instruction) {
        if insn.code == Opcode.call {
            if insn.src == 0 { add(.helper, slot) { $0.imm &+= 16 } }
            return
        }
        if insn.code == Opcode.exit || insn.code == Opcode.ja || insn.code == Opcode.gotol { return }
        if insn.code & 0x08 == 0 {
            for amount in [1, -1] as [Int32] { add(rewrite == .context ? .field : .bound, slot) { $0.imm &+= amount } }
        }
        add(rewrite == .context ? .field : .half, slot) { $0.code ^= 0x03 }
        addRegister(slot)
    }

    private mutating func addRegister(_ slot: Int) {
        let insn = right.insns[slot]
        add(.register, slot) { $0.dst = ($0.dst + 1) % 10 }
        if insn.code & 0x08 != 0 || insn.code & 0x07 == 1 || insn.code & 0x07 == 3 {
            add(.register, slot) { $0.src = ($0.src + 1) % 10 }
        }
    }
}
