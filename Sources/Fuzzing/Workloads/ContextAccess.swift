import BPF
import Patching

/// Turns accesses of the program's context into accesses of kernel objects.
///
/// | field | load | store |
/// |---|---|---|
/// | at another place | 1 | 1 |
/// | some bits of a byte | 2 | 1 |
/// | through a pointer that may be null | 3 | 4 |
/// | of a full socket only | 4, or 9 if the load overwrites the context | 6 |
///
/// A load of less than four bytes has 1 more instruction to mask the field, or 2 to shift it as well; the load of some
/// bits has neither. The field at an offset depends on the program type, which no instruction shows. Here the program
/// cycles through the kinds of fields. ``ContextRegisters`` finds the registers that hold the context.
///
/// - Source: `convert_ctx_accesses`, Linux 6.12
enum ContextAccess {
    /// The kinds of fields of the context.
    private enum Field: Int {
        case moved, bits, behindPointer, ofFullSocket
    }

    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft, _ registers: borrowing ContextRegisters) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            let insn = unsafe draft.input.insns[slot]
            let family = insn.code & Opcode.classMask
            if insn.code & Opcode.modeMask != Opcode.memoryMode { continue }
            if family == Opcode.loadClass {
                if registers.holds(insn.src, at: slot) { load(insn, at: slot, hasNext: walk.hasNext, &draft) }
            } else if family == Opcode.storeClass || family == Opcode.storeImmediateClass {
                if registers.holds(insn.dst, at: slot) { store(insn, at: slot, &draft) }
            }
        }
    }

    /// The field at an offset; if a jump cannot leave the patch, a kind without jumps.
    @inline(__always)
    private static func field(at off: Int16, hasNext: Bool) -> Field {
        hasNext ? Field(rawValue: Int(off) >> 2 & 3) ?? .moved : .moved
    }

    // MARK: Loads

    private static func load(_ insn: Instruction, at slot: InputIndex, hasNext: Bool, _ draft: inout WorkloadDraft) {
        if !draft.replace(slot) { return }
        let (dst, context) = (insn.dst, insn.src)
        let size = MemorySize(of: insn)
        let whole = size == .double ? MemorySize.double : .word
        // The number of instructions that extract the bytes from the field.
        let cut = size == whole ? 0 : insn.off & 3 == 0 ? 1 : 2
        let field = field(at: insn.off, hasNext: hasNext)
        switch field {
        case .moved: draft.add(.load(whole, dst, from: context, draft.nextOffset()))
        case .bits:
            draft.add(.load(.byte, dst, from: context, draft.nextOffset()))
            draft.add(.apply(.and, dst, 7, is64: false))
            return
        case .behindPointer:
            draft.add(.load(.double, dst, from: context, draft.nextOffset()))
            draft.jump(to: 3 + cut, if: dst, .equal, 0)
            draft.add(.load(whole, dst, from: dst, draft.nextOffset()))
        case .ofFullSocket where dst == context:
            loadOverContext(dst, whole, cut: cut, insn, &draft)
            return
        case .ofFullSocket:
            draft.add(.load(.word, dst, from: context, draft.nextOffset()))
            draft.jump(to: 4 + cut, if: dst, .equal, 0)
            draft.add(.load(.double, dst, from: context, draft.nextOffset()))
            draft.add(.load(whole, dst, from: dst, draft.nextOffset()))
        }
        add(cut, insn, &draft)
    }

    /// A load over the context: the test needs another register, which is saved and restored on both paths.
    private static func loadOverContext(
        _ context: UInt8, _ whole: MemorySize, cut: Int, _ insn: Instruction, _ draft: inout WorkloadDraft
    ) {
        let spare = spare(besides: context, context)
        let place = draft.nextOffset()
        draft.add(.store(.double, to: context, place, spare))
        draft.add(.load(.word, spare, from: context, draft.nextOffset()))
        draft.jump(to: 7 + cut, if: spare, .equal, 0)
        draft.add(.load(.double, spare, from: context, place))
        draft.add(.load(.double, context, from: context, draft.nextOffset()))
        draft.add(.load(whole, context, from: context, draft.nextOffset()))
        add(cut, insn, &draft)
        draft.jump(to: 9 + cut)
        draft.add(.load(.double, spare, from: context, place))
        draft.add(.assign(context, 0))
    }

    /// Extracts the loaded bytes from a field.
    private static func add(_ cut: Int, _ insn: Instruction, _ draft: inout WorkloadDraft) {
        if cut == 0 { return }
        if cut == 2 { draft.add(.apply(.shiftRight, insn.dst, Int32(insn.off & 3) * 8, is64: false)) }
        draft.add(.apply(.and, insn.dst, MemorySize(of: insn) == .byte ? 0xff : 0xffff, is64: false))
    }

    // MARK: Stores

    private static func store(_ insn: Instruction, at slot: InputIndex, _ draft: inout WorkloadDraft) {
        if !draft.replace(slot) { return }
        let context = insn.dst
        let spare = spare(besides: context, insn.src)
        let field = field(at: insn.off, hasNext: true)
        var moved = insn
        moved.off = draft.nextOffset()
        if field == .moved || field == .bits {
            draft.add(moved)
            return
        }
        let place = draft.nextOffset()
        draft.add(.store(.double, to: context, place, spare))
        if field == .ofFullSocket {
            draft.add(.load(.word, spare, from: context, draft.nextOffset()))
            draft.jump(to: 5, if: spare, .equal, 0)
        }
        draft.add(.load(.double, spare, from: context, draft.nextOffset()))
        moved.dst = spare
        draft.add(moved)
        draft.add(.load(.double, spare, from: context, place))
    }

    /// A register other than two.
    private static func spare(besides one: UInt8, _ other: UInt8) -> UInt8 {
        let candidates: [3 of UInt8] = [9, 8, 7]
        if one != candidates[0] && other != candidates[0] { return candidates[0] }
        return one != candidates[1] && other != candidates[1] ? candidates[1] : candidates[2]
    }
}
