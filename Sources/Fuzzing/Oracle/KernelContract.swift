import BPF
import Patching

/// The assumptions of the kernel's own functions about a pass.
///
/// A patcher built from these functions skips a pass that breaks a clause, except beyond the contract.
///
/// - Source: SEMANTICS, "What the kernel's own functions assume"
struct KernelContract: ~Copyable {
    /// The broken assumptions, in words.
    enum Clause: String {
        case refused = "the pass, or a prefix of its edits, leaves a jump with nothing to reach"
        case deadTarget = "a surviving jump targets a deleted range past its first instruction"
        case subprogram = "a deleted range holds a subprogram start past its first slot"
        case append = "code is appended"
        case pastTheEnd =
            "the last instruction of more than 32767 slots is patched, and bpf_adj_branches reads past the end"
        case unknown = "this kernel does not define an instruction, or has no room for the subprograms"
    }

    /// For each code, the patchers whose kernel does not define it: a bit for each.
    private var undefinedStorage = Scratch<UInt64>(capacity: 256)
    private var undefined: UnsafeTypedBuffer<Slot, UInt64> { undefinedStorage.buffer() }
    /// The patchers and the numbers of subprograms that fit.
    private var rooms: [(bit: UInt64, subprograms: Int)] = []
    private var leastRoom = Int.max
    /// The patchers with a contract, a bit for each.
    private var held: UInt64 = 0

    init() { unsafe undefined.fill(256, from: Slot(0), with: 0) }

    /// Applies the contract of a kernel to the patcher with a number.
    mutating func hold(_ patcher: Int, to kernel: KernelFunctions) {
        let bit: UInt64 = 1 &<< UInt64(patcher)
        for code in 0..<256 where !KernelCodes.isDefined(UInt8(code), in: kernel) {
            unsafe undefined[Slot(code)] |= bit
        }
        held |= bit
        rooms.append((bit, kernel.maxSubprograms))
        leastRoom = min(leastRoom, kernel.maxSubprograms)
    }

    /// The patchers whose kernels do not define a code of the program or its patches, or have no room for its
    /// subprograms.
    ///
    /// - Shape: a bit for each patcher
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
                // A placeholder is not an instruction.
                if edit.keeps(index) { continue }
                unsafe found |= undefined[Slot(Int(patch[index].code))]
                if unsafe patch[index].code == Opcode.gotox { unsafe note(gotox: patch[index], &hasGotox, &found) }
            }
        }
        // adjust_jmp_off() mistakes a gotox directly before an insertion for a jump to it.
        if hasGotox && hasSkip { found |= held }
        if input.subprogramCount > leastRoom {
            for room in rooms where input.subprogramCount > room.subprograms { found |= room.bit }
        }
        return found
    }

    /// Notes a `gotox`: the kernel defines only those with offset 0, but its functions read the offset.
    private func note(gotox: Instruction, _ hasGotox: inout Bool, _ found: inout UInt64) {
        hasGotox = true
        if gotox.off != 0 { found |= held }
    }

    /// The first clause that a pass breaks, apart from ``Clause/unknown``; `nil` if all hold.
    ///
    /// - Parameter expectation: that of the pass, which must not be malformed
    /// - Complexity: O((slots + refs) × log edits + subprograms)
    static func brokenClause(
        _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ expectation: borrowing Expectation
    ) -> Clause? {
        if expectation.status == .einval { return .refused }
        if appends(pass, input) { return .append }
        if deletesStart(pass, input) { return .subprogram }
        if PassDemands(pass: pass, input: input, expectation: expectation).hasDeadTarget() { return .deadTarget }
        if looksPastTheEnd(pass, input) { return .pastTheEnd }
        let prefixes = StepwisePrefixes(pass: pass, input: input, expectation: expectation)
        if prefixes.hasRefused() { return .refused }
        return prefixes.hasDeadTarget() ? .deadTarget : nil
    }

    /// Returns true if the kernel reads past the end of the program.
    ///
    /// For programs beyond the 16-bit limit, the kernel first tests all offsets except that of the patched instruction.
    /// If that is the last one, the test reads the slot after the end. A jump that an earlier removal left there can
    /// make it refuse a patch that fits, and AddressSanitizer reports the read if the program fills its pages. This is
    /// a known fault of the kernel, not an assumption; such passes are skipped because the fault would hide others.
    ///
    /// - Source: Linux 6.12, kernel/bpf/core.c, `bpf_adj_branches`
    /// - Complexity: O(edits)
    private static func looksPastTheEnd(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
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

    /// Returns true if a deleted range contains a subprogram start past its first slot.
    ///
    /// A range with a whole subprogram contains the start of the next one, or is exactly the subprogram.
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

/// The codes that a kernel defines.
///
/// - Source: `include/uapi/linux/bpf.h` and `include/linux/filter.h`, Linux 6.1 to 6.19; RFC 9669
enum KernelCodes {
    /// Returns true if a kernel defines a code. Code 0, that of second slots, counts as defined.
    static func isDefined(_ code: UInt8, in kernel: KernelFunctions) -> Bool {
        // Not by release: it is new in 6.6, and later releases of 6.1 have it too.
        if code == Opcode.gotol { return kernel.knowsGotol }
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

    /// The codes that were added after 6.1.
    private static let since: [UInt8: KernelVersion] = [
        0xd7: KernelVersion(6, 6), 0x81: KernelVersion(6, 6), 0x89: KernelVersion(6, 6),
        0x91: KernelVersion(6, 6), 0xe5: KernelVersion(6, 9), 0xcb: KernelVersion(6, 15), 0xd3: KernelVersion(6, 15),
    ]

    /// Loads and stores of memory in four sizes, atomic operations in two, and the barrier against speculation.
    private static let memory: Set<UInt8> = [
        0x61, 0x69, 0x71, 0x79, 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b, 0xc3, 0xdb, 0xc2,
    ]
}
