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
            "the last instruction of more than 32767 slots is patched, and bpf_adj_branches looks behind the end"
        case unknown = "there is an instruction that this kernel does not define, or it has no room for the subprograms"
    }

    /// For each code, which patchers are made of a kernel that does not define it: a bit for each.
    private var undefinedStorage = Scratch<UInt64>(capacity: 256)
    private var undefined: UnsafeTypedBuffer<Slot, UInt64> { undefinedStorage.buffer() }
    /// The patchers with their numbers of subprograms that there is room for.
    private var rooms: [(bit: UInt64, subprograms: Int)] = []
    private var leastRoom = Int.max
    /// The patchers that are held to the contract of a kernel, a bit for each.
    private var held: UInt64 = 0

    init() { unsafe undefined.fill(256, from: Slot(0), with: 0) }

    /// Holds the patcher with a number to the contract of a kernel.
    mutating func hold(_ patcher: Int, to kernel: KernelFunctions) {
        let bit: UInt64 = 1 &<< UInt64(patcher)
        for code in 0..<256 where !KernelCodes.isDefined(UInt8(code), in: kernel) {
            unsafe undefined[Slot(code)] |= bit
        }
        held |= bit
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
        var hasGotox = false
        var hasSkip = false
        for slot in 0..<input.insnCount {
            let insn = unsafe input.insns[InputIndex(slot)]
            unsafe found |= undefined[Slot(Int(insn.code))]
            if insn.code == Opcode.gotox { note(gotox: insn, &hasGotox, &found) }
        }
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let patch = pass.patch(of: edit)
            hasSkip = hasSkip || edit.skip
            for slot in 0..<Int(edit.patchCount) {
                let index = PatchIndex(slot)
                // What stands in the place of a kept instruction is none.
                if edit.keeps(index) { continue }
                unsafe found |= undefined[Slot(Int(patch[index].code))]
                if unsafe patch[index].code == Opcode.gotox { unsafe note(gotox: patch[index], &hasGotox, &found) }
            }
        }
        // To adjust_jmp_off() a gotox right in front of an insertion is a jump to it.
        if hasGotox && hasSkip { found |= held }
        if input.subprogramCount > leastRoom {
            for room in rooms where input.subprogramCount > room.subprograms { found |= room.bit }
        }
        return found
    }

    /// Notes a `gotox`: the kernel has no other than those with offset 0, which its functions look at.
    private func note(gotox: Instruction, _ hasGotox: inout Bool, _ found: inout UInt64) {
        hasGotox = true
        if gotox.off != 0 { found |= held }
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
        if prefixes.hasRefused() { return .refused }
        return prefixes.hasDeadTarget() ? .deadTarget : nil
    }

    /// Whether the kernel takes what is behind the end of the program for an instruction of it.
    ///
    /// The probing pass for programs beyond the 16-bit limit leaves out the instruction that is patched. When that is the last
    /// one, it looks at the slot behind it before it looks whether there is one. A jump that a removal has left there can make
    /// it refuse a patch that fits, and AddressSanitizer sees it leave memory where the program fills its pages. This is a
    /// fault of the kernel and no assumption of its functions; known, it would hide others.
    ///
    /// - Source: Linux 6.12, kernel/bpf/core.c, `bpf_adj_branches`
    /// - Complexity: O(edits)
    private static func looksBehindTheEnd(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        var length = input.insnCount
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            length += edit.growth
            let isLast = edit.off.position + max(Int(edit.remove), 1) == input.insnCount
            if isLast && !edit.isDeletion && length > Int(Int16.max) { return true }
        }
        return false
    }

    private static func appends(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        pass.editCount > 0 && pass.edit(pass.editCount - 1).off.position == input.insnCount
    }

    /// Whether a deleted range holds a subprogram start past its first slot.
    ///
    /// A range that swallows a whole subprogram holds the start of the next one, or is exactly the subprogram.
    private static func deletesStart(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        var subprogram = TableIndex(0)
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            if !edit.isDeletion { continue }
            while unsafe subprogram.position < input.subprogramCount
                && input.subprograms[subprogram].start <= edit.off.rawValue
            { subprogram = subprogram + 1 }
            if subprogram.position == input.subprogramCount { return false }
            if unsafe input.subprograms[subprogram].start < edit.end.rawValue { return true }
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
        if code == Opcode.gotox { return kernel.knowsGotox }
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
    ]

    /// Loads and stores of memory in four sizes, atomic operations in two, and the barrier against speculation.
    private static let memory: Set<UInt8> = [
        0x61, 0x69, 0x71, 0x79, 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b, 0xc3, 0xdb, 0xc2,
    ]
}
