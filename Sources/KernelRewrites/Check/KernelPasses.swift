import BPF
import Fuzzing
import Patching

/// The kernel's edits, inferred from an alignment, and its result in the form in which the oracle compares it.
///
/// What the kernel may choose, such as the address of a helper, is put back to what the program had; jump offsets are the
/// kernel's.
struct KernelPasses: ~Copyable {
    /// All edits but the next.
    let edits = PassBuffer()
    /// Code in front of the first instruction of subprograms, in coordinates of what ``edits`` gives.
    let starts = PassBuffer()
    /// The kernel's result.
    let found = ProgramBuffer()
    private var jumpStorage = Scratch<InputIndex>()
    private var callStorage = Scratch<OutputIndex>()
    private var functionStorage = Scratch<PlacedCall>()
    /// The number of jumps and calls of the input that are not dead, and of calls in the result.
    private(set) var jumpCount = 0
    private(set) var callCount = 0
    /// The number of calls of helpers and kernel functions.
    private(set) var functionCount = 0

    /// The jumps and calls of the input that are not dead.
    var jumps: UnsafeTypedBuffer<TableIndex, InputIndex> { jumpStorage.buffer() }
    /// The calls and pseudo functions of the result.
    var calls: UnsafeTypedBuffer<TableIndex, OutputIndex> { callStorage.buffer() }

    /// The calls of helpers and kernel functions.
    var functions: UnsafeTypedBuffer<TableIndex, PlacedCall> { functionStorage.buffer() }

    /// Makes room for a result; to be called before the other methods.
    mutating func reserve(insns: Int, subprograms: Int, lines: Int) {
        found.reserve(insns: insns + 1, subprograms: subprograms, lines: lines)
        found.insnCount = insns
        callStorage.reserve(insns + 1)
    }

    /// Writes all of it but the tables.
    ///
    /// - Parameters:
    ///   - result: the kernel's own
    /// - Complexity: O(slots)
    mutating func infer(
        _ input: ProgramImage<InputIndex>, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        steps: UnsafeTypedBuffer<TableIndex, AlignmentStep>,
        stepCount: Int, result: UnsafeTypedBuffer<OutputIndex, Instruction>
    ) {
        edits.removeAll()
        starts.removeAll()
        jumpStorage.reserve(input.insnCount + 1)
        let insns = found.image(as: OutputIndex.self).insns
        let jumps = self.jumps
        let calls = self.calls
        let kinds = JumpKindTable.shared.view
        functionStorage.reserve(input.insnCount + 1)
        jumpCount = 0
        callCount = 0
        functionCount = 0
        var added = 0
        var number = 0
        var slot = InputIndex(0)
        var place = OutputIndex(0)
        let count = input.insnCount
        while true {
            // Plain instructions up to the next step.
            let stop = unsafe number < stepCount ? steps[TableIndex(number)].slot : InputIndex(count)
            while slot < stop {
                let insn = unsafe input.insns[slot]
                unsafe jumps[TableIndex(jumpCount)] = slot
                if unsafe predictions[slot].isRemoved {
                    let start = slot
                    while unsafe slot < stop && predictions[slot].isRemoved {
                        unsafe jumps[TableIndex(jumpCount)] = slot
                        unsafe jumpCount &+= predictions[slot] == .dead ? 0 : kinds.count(input.insns[slot])
                        slot = slot + 1
                    }
                    // A step in the middle of a run is one that removes.
                    if edits.editCount > 0, edits.lastEdit.isDeletion, edits.lastEdit.end == start {
                        let more = UInt32(slot - start)
                        edits.updateLast { $0.remove += more }
                    } else {
                        edits.addEdit(off: start, remove: UInt32(slot - start))
                    }
                    continue
                }
                if kinds.count(insn) == 0 {
                    unsafe insns[place] = insn
                    if insn.code == Opcode.call { unsafe note(slot, place, address: result[place].imm) }
                } else {
                    unsafe insns[place] = result[place].asFound(for: insn)
                    jumpCount &+= 1
                    unsafe calls[TableIndex(callCount)] = place
                    callCount &+= insn.jumpKind.isCall ? 1 : 0
                }
                slot = slot + 1
                place = place + 1
                if insn.isWide {
                    unsafe insns[place] = input.insns[slot]
                    slot = slot + 1
                    place = place + 1
                }
            }
            if number == stepCount { break }
            let step = unsafe steps[TableIndex(number)]
            number += 1
            let size = Int(step.expansion.count)
            switch step.kind {
            case .start:
                write(starts, step, InputIndex(place.position - added), result, insns, skip: true)
                added += size
                place = place + size
            case .append:
                write(edits, step, InputIndex(count), result, insns, skip: false)
                place = place + size
            case .opaque:
                edits.addEdit(off: step.slot, remove: step.width)
                for index in 0..<size {
                    edits.addPatch(.opaque)
                    unsafe insns[place + index] = .opaque
                }
                slot = step.slot + Int(step.width)
                place = place + size
            case .rewritten:
                if step.expansion.rewrite == .fastcall { continue }
                let insn = unsafe input.insns[slot]
                unsafe jumps[TableIndex(jumpCount)] = slot
                jumpCount &+= kinds.count(insn)
                if insn.code == Opcode.call && insn.src != Opcode.pseudoCall {
                    let kept = step.expansion.keep
                    let address = unsafe kept == Expansion.none ? nil : result[place + Int(kept)].imm
                    note(slot, place, address: address)
                }
                if step.expansion.isItself {
                    // Changed in place: it stands as it was.
                    for index in 0..<size { unsafe insns[place + index] = input.insns[slot + index] }
                } else {
                    patch(step, insn, result, insns)
                }
                slot = slot + Int(step.width)
                place = place + size
            }
        }
    }

    private mutating func note(_ slot: InputIndex, _ place: OutputIndex, address: Int32?) {
        unsafe functions[TableIndex(functionCount)] = PlacedCall(slot: slot, place: place, address: address)
        functionCount += 1
    }

    /// Adds an edit that brings the code of a step.
    private func write(
        _ buffer: PassBuffer, _ step: AlignmentStep, _ off: InputIndex,
        _ result: UnsafeTypedBuffer<OutputIndex, Instruction>,
        _ insns: UnsafeTypedBuffer<OutputIndex, Instruction>, skip: Bool
    ) {
        // Code of two kinds at one start is one insertion: a jump goes past both.
        let isSecond = skip && buffer.editCount > 0 && buffer.lastEdit.off == off
        if !isSecond { buffer.addEdit(off: off, remove: 0, skip: skip) }
        for index in 0..<Int(step.expansion.count) {
            let insn = unsafe result[step.place + index]
            buffer.addPatch(insn)
            unsafe insns[step.place + index] = insn
        }
    }

    /// Adds the edit of a expansion.
    private mutating func patch(
        _ step: AlignmentStep, _ insn: Instruction, _ result: UnsafeTypedBuffer<OutputIndex, Instruction>,
        _ insns: UnsafeTypedBuffer<OutputIndex, Instruction>
    ) {
        let expansion = step.expansion
        edits.addEdit(off: step.slot, remove: step.width)
        for index in 0..<Int(expansion.count) {
            let place = step.place + index
            var own = unsafe result[place]
            if expansion.keep != Expansion.none && index == Int(expansion.keep) {
                own = own.asFound(for: insn)
                unsafe insns[place] = own
                edits.addPatch(.zero)
                continue
            }
            let isCall = own.code == Opcode.call && own.src == Opcode.pseudoCall
            if isCall && expansion.from == Expansion.none {
                // It leads nowhere, and is never made.
                own = .opaque
            } else if isCall {
                unsafe calls[TableIndex(callCount)] = place
                callCount += 1
                own = own.asFound(for: Instruction(code: Opcode.call, src: Opcode.pseudoCall))
            }
            unsafe insns[place] = own
            if index == Int(expansion.from) { _ = own.setJumpOffset(0, own.jumpKind) }
            edits.addPatch(own)
        }
        if expansion.keep != Expansion.none { edits.updateLast { $0.keep = UInt32(expansion.keep) } }
        if expansion.from != Expansion.none {
            edits.addRef(Ref(from: PatchIndex(Int(expansion.from)), to: expansion.target))
        }
    }
}

extension Instruction {
    /// What stands where something was not understood, in the result as in the edits.
    static var opaque: Instruction { .move(0, 0) }

    /// An instruction of the program with the jump offset of this one, of the result.
    ///
    /// The offset of a call that the kernel has compiled stands in `off` and is cut there; see ``CallNumbers``.
    @inline(__always)
    func asFound(for insn: Instruction) -> Instruction {
        let fields = insn.fieldsBesideOffset
        return Instruction(bits: insn.bits & fields | bits & ~fields)
    }
}
