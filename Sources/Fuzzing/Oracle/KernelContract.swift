import BPF
import Patching

/// What the kernel's own functions assume of a pass.
///
/// A patcher made of these functions is not given a pass that breaks a clause, unless asked to go beyond the contract.
///
/// - Source: SEMANTICS, "What the kernel's own functions assume"
struct KernelContract: ~Copyable {
    /// What a pass may not ask for, in words.
    enum Clause: String {
        case refused = "the pass, or some of its edits by themselves, leave a jump without a landing"
        case deadTarget = "a jump that stands targets a deleted range past its first instruction"
        case subprogram = "a deleted range holds a subprogram start past its first slot"
        case append = "code is appended"
        case behindTheEnd =
            "the last instruction of more than 32767 slots is patched where code was removed: bpf_adj_branches looks behind the end"
        case unknown = "there is a code that this kernel does not define, or it has no room for the subprograms"
    }

    /// For each code, which patchers are made of a kernel that does not define it: a bit for each.
    private var undefinedStorage = RowStorage<UInt64>(capacity: 256)
    private var undefined: Row<Slot, UInt64> { undefinedStorage.row() }
    /// The patchers with their numbers of subprograms that there is room for.
    private var rooms: [(bit: UInt64, subprograms: Int)] = []
    private var leastRoom = Int.max

    init() { undefined.fill(256, from: Slot(0), with: 0) }

    /// Holds the patcher with a number to the contract of a kernel.
    mutating func hold(_ patcher: Int, to kernel: KernelFunctions) {
        let bit: UInt64 = 1 &<< UInt64(patcher)
        for code in 0..<256 where !KernelCodes.isDefined(UInt8(code), in: kernel) { undefined[Slot(code)] |= bit }
        rooms.append((bit, kernel.maxSubprograms))
        leastRoom = min(leastRoom, kernel.maxSubprograms)
    }

    /// The patchers whose kernels do not define some code of a program or its patches, or have no room for its subprograms: a
    /// bit for each.
    ///
    /// - Complexity: O(slots + patch slots)
    func unknown(in pass: PassImage, _ input: ProgramImage<InputIndex>) -> UInt64 {
        let undefined = self.undefined
        var found: UInt64 = 0
        for slot in 0..<input.insnCount { found |= undefined[Slot(Int(input.insns[InputIndex(slot)].code))] }
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let patch = pass.patch(of: edit)
            for slot in 0..<Int(edit.patchCount) {
                let index = PatchIndex(slot)
                // What stands in the place of a kept instruction is none.
                if !edit.keeps(index) { found |= undefined[Slot(Int(patch[index].code))] }
            }
        }
        if input.subprogramCount > leastRoom {
            for room in rooms where input.subprogramCount > room.subprograms { found |= room.bit }
        }
        return found
    }

    /// The first clause that a pass breaks, but for what a kernel does not know; `nil` where all hold.
    ///
    /// - Parameter expectation: that of the pass, in which no edit is malformed
    /// - Complexity: O((slots + refs) × log edits + subprograms)
    static func brokenClause(
        _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ expectation: borrowing Expectation
    ) -> Clause? {
        if expectation.status == .einval { return .refused }
        if appends(pass, input) { return .append }
        if deletesStart(pass, input) { return .subprogram }
        if PassDemands(pass: pass, input: input, expectation: expectation).hasDeadTarget() { return .deadTarget }
        if looksBehindTheEnd(pass, input) { return .behindTheEnd }
        let prefixes = StepwisePrefixes(pass: pass, input: input, expectation: expectation)
        return prefixes.hasRefused() ? .refused : nil
    }

    /// Whether the kernel takes what a removal has left behind the end of the program for an instruction of it.
    ///
    /// The probing pass for programs beyond the 16-bit limit leaves out the instruction that is patched. When that is the last
    /// one, it looks at the slot behind it before it looks whether there is one; an old jump there can make it refuse a patch
    /// that fits. This is a fault of the kernel and no assumption of its functions; known, it would hide others.
    ///
    /// - Source: Linux 6.12, kernel/bpf/core.c, `bpf_adj_branches`
    /// - Complexity: O(edits)
    private static func looksBehindTheEnd(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        var length = input.insnCount
        var hasRemoved = false
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            length += edit.growth
            hasRemoved = hasRemoved || edit.isDeletion || edit.remove > 1
            let isLast = edit.off.position + max(Int(edit.remove), 1) == input.insnCount
            if isLast && !edit.isDeletion && hasRemoved && length > Int(Int16.max) { return true }
        }
        return false
    }

    private static func appends(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        pass.editCount > 0 && pass.edits[TableIndex(pass.editCount - 1)].off.position == input.insnCount
    }

    /// Whether a deleted range holds a subprogram start past its first slot.
    ///
    /// A range that swallows a whole subprogram holds the start of the next one, or is exactly the subprogram.
    private static func deletesStart(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        var subprogram = TableIndex(0)
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            if !edit.isDeletion { continue }
            while subprogram.position < input.subprogramCount
                && input.subprograms[subprogram].start <= edit.off.rawValue
            { subprogram = subprogram + 1 }
            if subprogram.position == input.subprogramCount { return false }
            if input.subprograms[subprogram].start < edit.end.rawValue { return true }
        }
        return false
    }
}

/// Which codes a kernel defines.
///
/// - Source: `include/uapi/linux/bpf.h` and `include/linux/filter.h`, Linux 6.1 to 6.19; RFC 9669
enum KernelCodes {
    /// Whether an instruction with this code is one that the kernel knows; 0 is that of second slots.
    static func isDefined(_ code: UInt8, in kernel: KernelFunctions) -> Bool {
        if code == Opcode.gotol && !kernel.knowsGotol { return false }
        if let since = since[code] { return kernel.release >= since }
        let operation = code >> 4
        let isRegister = code & 8 != 0
        switch code & 7 {
        case 0: return [0x00, 0x18, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50].contains(code)
        case 1, 2, 3: return memory.contains(code)
        // Jumps: `goto` and `call` take no register, `exit` neither, and only `goto` has a form of 32 bits.
        case 5: return operation < 0xe && (![0, 8, 9].contains(operation) || !isRegister)
        case 6: return operation < 0xe && ![0, 8, 9].contains(operation)
        // Arithmetic: `neg` takes no register, and the byte swap of 64 bits has one form.
        case 4: return operation < 0xe && !(operation == 8 && isRegister)
        default: return operation < 0xd && !(operation == 8 && isRegister)
        }
    }

    /// Codes that came later than 6.1.
    private static let since: [UInt8: KernelRelease] = [
        0x06: KernelRelease(6, 6), 0xd7: KernelRelease(6, 6), 0x81: KernelRelease(6, 6), 0x89: KernelRelease(6, 6),
        0x91: KernelRelease(6, 6), 0xe5: KernelRelease(6, 9), 0xcb: KernelRelease(6, 15), 0xd3: KernelRelease(6, 15),
        0x0d: KernelRelease(6, 19),
    ]

    /// Loads and stores of memory in four sizes, atomic operations in two, and the barrier against speculation.
    private static let memory: Set<UInt8> = [
        0x61, 0x69, 0x71, 0x79, 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b, 0xc3, 0xdb, 0xc2,
    ]
}
