import BPF
import Fuzzing
import KernelModel
import Patching

/// Which registers may hold the context of a program, or a socket that is shown in the same way, slot by slot.
///
/// Only accesses through these are converted. The verifier knows them exactly; this errs on the side of too many: what comes
/// out of memory may be whatever pointer was put there, and callbacks may be given anything.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `convert_ctx_accesses`
struct ContextSources: ~Copyable {
    private var storage = Scratch<UInt16>()
    private var count = 0
    /// Where on the stack such a pointer was put, a bit for each 8 bytes below the frame pointer.
    private var spills: UInt64 = 0
    /// Whether one was put anywhere else.
    private var isEscaped = false
    /// Whether something was loaded from where none had been put so far.
    private var isAskedInVain = false

    /// Whether a look-up in a map may give one.
    private var isInMaps = false

    /// The registers that a call leaves to the callee.
    private static let arguments: UInt16 = 0b11_1110

    /// Whether programs of a type have their accesses converted at all.
    ///
    /// - Source: 6.12 `kernel/trace/bpf_trace.c`, `net/core/filter.c` and others: `convert_ctx_access` of the type
    static func converts(_ type: ProgramType) -> Bool {
        switch type {
        case .kprobe, .tracepoint, .rawTracepoint, .rawTracepointWritable, .tracing, .lsm, .syscall, .cgroupDevice,
            .lircMode2, .netfilter:
            false
        default: true
        }
    }

    /// Works it out for a program.
    ///
    /// - Complexity: O(slots) for each nesting of loops
    mutating func compute(_ input: ProgramImage<InputIndex>, _ type: ProgramType) {
        count = ContextSources.converts(type) ? input.insnCount : 0
        if count == 0 { return }
        storage.reserve(count + 1)
        let held = storage.buffer(as: InputIndex.self)
        unsafe held.fill(count + 1, from: InputIndex(0), with: 0)
        unsafe held[InputIndex(0)] = ContextSources.bit(Register.first)
        spills = 0
        isEscaped = false
        isInMaps = ContextSources.hasSocketMap(input)
        while sweep(input, held) {}
    }

    /// The registers that may hold it before each instruction, a bit each; `nil` where none ever does.
    var registers: UnsafeTypedBuffer<InputIndex, UInt16>? { count > 0 ? storage.buffer() : nil }

    /// Whether a program has a map of sockets, or one that is known by its descriptor alone.
    private static func hasSocketMap(_ input: ProgramImage<InputIndex>) -> Bool {
        for number in 0..<input.insnCount {
            let insn = unsafe input.insns[InputIndex(number)]
            if !insn.isWide { continue }
            if insn.src == 1 || insn.src == 2 { return true }
            if insn.src == 5 && insn.imm == MapKind.sockMap.rawValue { return true }
        }
        return false
    }

    @inline(__always)
    private static func bit(_ register: UInt8) -> UInt16 { 1 << UInt16(register & 15) }

    /// Goes through all slots once; says whether anything is new.
    private mutating func sweep(_ input: ProgramImage<InputIndex>, _ held: UnsafeTypedBuffer<InputIndex, UInt16>)
        -> Bool
    {
        let (spillsBefore, wasEscaped) = (spills, isEscaped)
        let kinds = JumpKindTable.shared.view
        isAskedInVain = false
        // What goes forward is seen in the same sweep.
        var isNewBehind = false
        for slot in 0..<count {
            let insn = unsafe input.insns[InputIndex(slot)]
            let before = unsafe held[InputIndex(slot)]
            let after = effect(of: insn, before)
            if !insn.endsFlow { unsafe held[InputIndex(slot + 1)] |= after }
            if kinds.count(insn) == 0 { continue }
            let kind = insn.jumpKind
            let target = InputIndex(slot + 1 + insn.jumpOffset(kind))
            let reaching: UInt16
            switch kind {
            case .call: reaching = before & ContextSources.arguments
            case .function: reaching = ContextSources.arguments
            default: reaching = after
            }
            let known = unsafe held[target]
            unsafe held[target] = known | reaching
            isNewBehind = isNewBehind || (target.position <= slot && known | reaching != known)
        }
        return isNewBehind || (isAskedInVain && (spills != spillsBefore || isEscaped != wasEscaped))
    }

    /// What may hold it behind an instruction.
    private mutating func effect(of insn: Instruction, _ before: UInt16) -> UInt16 {
        let dst = ContextSources.bit(insn.dst)
        let isFromSource = before & ContextSources.bit(insn.src) != 0
        switch insn.code & Opcode.classMask {
        case Opcode.arithmeticClass:
            if before == 0 { return 0 }
            let operation = insn.code & Opcode.operationMask
            let isRegister = insn.code & Opcode.registerOperand != 0
            if operation == Arithmetic.move.rawValue {
                return isRegister && isFromSource ? before | dst : before & ~dst
            }
            let isSum = operation == Arithmetic.add.rawValue || operation == Arithmetic.subtract.rawValue
            return isSum && isRegister && isFromSource ? before | dst : before
        case Opcode.arithmetic32Class: return before & ~dst
        case Opcode.loadClass:
            let isPointer = insn.code & 0x18 == MemorySize.double.rawValue
            if !isPointer || !(isFromSource || isFromMemory(insn)) {
                isAskedInVain = isAskedInVain || isPointer
                return before & ~dst
            }
            return before | dst
        case Opcode.storeClass:
            if isFromSource && insn.code & 0x18 == MemorySize.double.rawValue { keep(insn) }
            return before
        case Opcode.jumpClass where insn.code == Opcode.call:
            let rest = before & ~(ContextSources.arguments | 1)
            return insn.src == Opcode.pseudoCall || (insn.src == 0 && givesSocket(insn.imm))
                ? rest | 1 : rest
        case 0: return insn.isWide ? before & ~dst : insn.code == 0 ? before : before & ~(ContextSources.arguments | 1)
        default: return before
        }
    }

    /// Notes where such a pointer is put.
    private mutating func keep(_ store: Instruction) {
        let place = -Int(store.off) / 8 - 1
        let isSlot = store.dst == Register.frame && store.off % 8 == 0 && (0..<64).contains(place)
        if isSlot { spills |= 1 << UInt64(place) } else { isEscaped = true }
    }

    /// Whether a load may bring such a pointer back.
    private func isFromMemory(_ load: Instruction) -> Bool {
        if isEscaped || load.src != Register.frame { return isEscaped || spills != 0 }
        let place = -Int(load.off) / 8 - 1
        return (0..<64).contains(place) && spills & 1 << UInt64(place) != 0
    }

    /// Helpers that give a socket, and the look-up in a map, which may be one of sockets.
    ///
    /// - Source: `include/uapi/linux/bpf.h`, `enum bpf_func_id`
    @inline(__always)
    private func givesSocket(_ helper: Int32) -> Bool {
        switch helper {
        case HelperNumber.mapLookup: isInMaps
        case 84, 85, 95, 96, 98, 99: true
        default: false
        }
    }
}
