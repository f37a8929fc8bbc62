import BPF
import Fuzzing
import KernelModel
import Patching

/// Which registers certainly hold the context of a program, slot by slot, and which of its fields never stand as they were.
///
/// An access through one of them that stands as the program had it was forgotten. This errs on the side of too few: what was
/// put in memory, or is given to a subprogram, is not followed.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `convert_ctx_accesses`
struct CertainContexts: ~Copyable {
    private var storage = Scratch<UInt16>()
    /// The bytes of the context of which every access is rewritten.
    private var fields = Fields(all: 0..<0)

    /// Nothing leads to the slot, as far as it is known. No set of registers is this.
    private static let unreached = UInt16.max

    /// Some bytes of a context.
    struct Fields {
        let all: Range<Int16>
        /// The bytes among them that do not count.
        var besides: Range<Int16> = 0..<0

        @inline(__always)
        func holds(_ off: Int16) -> Bool { all.contains(off) && !besides.contains(off) }

        /// Those of a type; none where a field may have the same size and place in the kernel's own structure.
        ///
        /// - Source: 6.12 `include/uapi/linux/bpf.h`; `convert_ctx_access` of each type in `net/core/filter.c` and
        ///   `kernel/trace/bpf_trace.c`
        static func rewritten(_ type: ProgramType) -> Fields {
            switch type {
            // `cb` of `struct __sk_buff` may stand where it does in `struct sk_buff`.
            case .socketFilter, .schedCLS, .schedACT, .cgroupSKB, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6local, .skSKB,
                .flowDissector:
                Fields(all: 0..<192, besides: 48..<68)
            case .xdp: Fields(all: 0..<24)
            case .sockOps, .perfEvent: Fields(all: 0..<184)
            case .skReuseport: Fields(all: 0..<36)
            case .cgroupSock: Fields(all: 0..<24)
            default: Fields(all: 0..<0)
            }
        }
    }

    /// Works it out for a program.
    ///
    /// - Complexity: O(slots) for each nesting of loops
    mutating func compute(_ input: ProgramImage<InputIndex>, _ type: ProgramType) {
        fields = Fields.rewritten(type)
        if fields.all.isEmpty { return }
        storage.reserve(input.insnCount + 1)
        let held = storage.buffer(as: InputIndex.self)
        unsafe held.fill(input.insnCount + 1, from: InputIndex(0), with: CertainContexts.unreached)
        for number in 0..<input.subprogramCount {
            unsafe held[InputIndex(Int(input.subprograms[TableIndex(number)].start))] = 0
        }
        unsafe held[InputIndex(0)] = 1 << UInt16(Register.first)
        while sweep(input, held) {}
    }

    /// What accesses are looked up in.
    var view: View { View(held: fields.all.isEmpty ? nil : storage.buffer(), fields: fields) }

    /// The result, for reading.
    struct View {
        fileprivate let held: UnsafeTypedBuffer<InputIndex, UInt16>?
        fileprivate let fields: Fields

        /// Whether an access through a register is one that is rewritten for certain.
        @inline(__always)
        func isRewritten(_ slot: InputIndex, through register: UInt8, _ off: Int16) -> Bool {
            guard let held, unsafe held[slot] != CertainContexts.unreached else { return false }
            return unsafe held[slot] >> UInt16(register & 15) & 1 != 0 && fields.holds(off)
        }
    }

    /// Goes through all slots once; says whether anything changed in front of where it was asked.
    private func sweep(_ input: ProgramImage<InputIndex>, _ held: UnsafeTypedBuffer<InputIndex, UInt16>) -> Bool {
        var isNewBehind = false
        for number in 0..<input.insnCount {
            let slot = InputIndex(number)
            let insn = unsafe input.insns[slot]
            let after = unsafe effect(of: insn, held[slot])
            if !insn.endsFlow { unsafe held[slot + 1] &= after }
            let kind = insn.jumpKind
            if kind != .short && kind != .long { continue }
            let target = InputIndex(number + 1 + insn.jumpOffset(kind))
            let known = unsafe held[target]
            unsafe held[target] = known & after
            isNewBehind = isNewBehind || (target <= slot && known & after != known)
        }
        return isNewBehind
    }

    /// What certainly holds it behind an instruction.
    private func effect(of insn: Instruction, _ before: UInt16) -> UInt16 {
        if before == CertainContexts.unreached || insn.code == 0 { return before }
        let isCall = insn.code == Opcode.call || insn.isPacketLoad
        if isCall { return before & ~0b11_1111 }
        if insn.code & Opcode.classMask == Opcode.storeClass {
            // An atomic operation may give the old value.
            let isPlain = insn.code & Opcode.modeMask == Opcode.memoryMode
            return isPlain ? before : before & ~(1 | bit(insn.src) | bit(insn.dst))
        }
        guard let dst = insn.defined else { return before }
        let isMove = insn.bits == Instruction.move(insn.dst, insn.src).bits
        return isMove && before & bit(insn.src) != 0 ? before | bit(dst) : before & ~bit(dst)
    }

    @inline(__always)
    private func bit(_ register: UInt8) -> UInt16 { 1 << UInt16(register & 15) }
}
