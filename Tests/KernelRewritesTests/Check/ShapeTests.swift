import BPF
import KernelModel
import KernelRewrites
import Testing

/// One rewrite by itself: the instruction, what stands for it, and what it is called.
struct ShapeCase: Sendable, CustomTestStringConvertible {
    var name: String
    var rewrites: [Rewrite]
    var insn: String
    var patch: String
    var flags: LoadFlags = []
    var functions: [String] = []
    var facts = KernelFacts.example
    var testDescription: String { name }
}

private let shapes: [ShapeCase] = [
    ShapeCase(name: "itself", rewrites: [], insn: "r0 += 7", patch: "r0 += 7"),
    ShapeCase(
        name: "division", rewrites: [.division], insn: "r2 /= r3",
        patch: "if r3 != 0 goto +2\n w2 ^= w2\n goto +1\n r2 /= r3"),
    ShapeCase(
        name: "32-bit division", rewrites: [.division], insn: "w2 /= w3",
        patch: "if w3 != 0 goto +2\n w2 ^= w2\n goto +1\n w2 /= w3"),
    ShapeCase(name: "modulo", rewrites: [.modulo], insn: "r2 %= r3", patch: "if r3 == 0 goto +1\n r2 %= r3"),
    ShapeCase(
        name: "32-bit modulo", rewrites: [.modulo], insn: "w2 %= w3",
        patch: "if w3 == 0 goto +2\n w2 %= w3\n goto +1\n w2 = w2"),
    ShapeCase(
        name: "signed division", rewrites: [.signedDivision], insn: "r2 s/= r3",
        patch: """
            r11 = r3
            r11 += 1
            if r11 > 1 goto +4
            if r11 == 0 goto +1
            r2 = 0
            r2 = -r2
            goto +1
            r2 s/= r3
            """),
    ShapeCase(
        name: "signed division as before 6.12", rewrites: [.division], insn: "r2 s/= r3",
        patch: "if r3 != 0 goto +2\n w2 ^= w2\n goto +1\n r2 s/= r3",
        facts: KernelFacts(release: "6.11.0", features: [.mayGotoNop, .jit, .rawDump])),
    ShapeCase(
        name: "32-bit signed modulo", rewrites: [.signedModulo], insn: "w2 s%= w3",
        patch: """
            r11 = r3
            w11 += 1
            if w11 > 1 goto +3
            if w11 == 1 goto +4
            w2 = 0
            goto +1
            w2 s%= w3
            goto +1
            w2 = w2
            """),
    ShapeCase(name: "by -1", rewrites: [.signedByMinusOne], insn: "r2 s/= -1", patch: "r2 = -r2"),
    ShapeCase(name: "remainder of -1", rewrites: [.signedByMinusOne], insn: "r2 s%= -1", patch: "w2 = 0"),
    ShapeCase(
        name: "random upper half", rewrites: [.rndHi32], insn: "w2 = 5",
        patch: "w2 = 5\n r11 = -12345\n r11 <<= 32\n r2 |= r11", flags: .testRndHi32),
    ShapeCase(
        name: "zero extension", rewrites: [.zext], insn: "w0 = cmpxchg32_32(r8 + 0, w0, w7)",
        patch: "w0 = cmpxchg32_32(r8 + 0, w0, w7)\n w0 = w0 {imm=1}"),
    ShapeCase(
        name: "context, 1", rewrites: [.context], insn: "r2 = *(u32 *)(r1 + 0)", patch: "r2 = *(u32 *)(r1 + 112)"),
    ShapeCase(
        name: "context, narrow", rewrites: [.context], insn: "r2 = *(u8 *)(r1 + 18)",
        patch: "r2 = *(u64 *)(r1 + 16)\n r2 = *(u32 *)(r2 + 8)\n w2 >>= 16\n w2 &= 255"),
    ShapeCase(
        name: "context, with a jump", rewrites: [.context], insn: "r2 = *(u32 *)(r1 + 20)",
        patch: "r2 = *(u32 *)(r1 + 152)\n if r2 == 0 goto +1\n w2 = 1"),
    ShapeCase(
        name: "context, with a register put aside", rewrites: [.context], insn: "*(u32 *)(r1 + 4) = r2",
        patch: """
            *(u64 *)(r1 + 48) = r9
            r9 = *(u64 *)(r1 + 8)
            *(u32 *)(r9 + 40) = r2
            r9 = *(u64 *)(r1 + 48)
            """),
    ShapeCase(
        name: "guarded load", rewrites: [.probeMem], insn: "r2 = *(u64 *)(r3 + 8)",
        patch: """
            r11 = r3
            r11 += 8
            r11 >>= 32
            if r11 <= 32767 goto +2
            r2 = *(u64 *)(r3 + 8)
            goto +1
            r2 = 0
            """),
    ShapeCase(
        name: "ld_abs", rewrites: [.loadAbsolute], insn: "r0 = *(u8 *)skb[14]",
        patch: "r2 = 14\n r1 = r6\n call 12345\n if r0 s>= 0 goto +2\n w0 ^= w0\n exit"),
    ShapeCase(
        name: "ld_ind", rewrites: [.loadAbsolute], insn: "r0 = *(u16 *)skb[r7 + 3]",
        patch: "r2 = r7\n r2 += 3\n r1 = r6\n call 12345\n if r0 s>= 0 goto +2\n w0 ^= w0\n exit"),
    ShapeCase(
        name: "array look-up", rewrites: [.mapLookup], insn: "call 1",
        patch: """
            r1 += 312
            r0 = *(u32 *)(r2 + 0)
            if r0 >= 4 goto +3
            r0 <<= 6
            r0 += r1
            goto +1
            r0 = 0
            """),
    ShapeCase(
        name: "hash look-up", rewrites: [.mapLookup], insn: "call 1", patch: "call 4711\n if r0 == 0 goto +1\n r0 += 56"
    ),
    ShapeCase(name: "look-up that is not inlined", rewrites: [], insn: "call 1", patch: "call 4711"),
    ShapeCase(
        name: "jiffies", rewrites: [.jiffies], insn: "call 118",
        patch: "r0 = 81985529216486895 ll\n r0 = *(u64 *)(r0 + 0)"),
    ShapeCase(
        name: "processor", rewrites: [.processorID], insn: "call 8",
        patch: "r0 = 4711\n r0 = r0 {off=-1}\n r0 = *(u32 *)(r0 + 0)"),
    ShapeCase(
        name: "timer callback", rewrites: [.timerCallback], insn: "call 170",
        patch: "r3 = 81985529216486895 ll\n call 4711"),
    ShapeCase(
        name: "per-cpu pointer", rewrites: [.percpuPointer], insn: "call 154",
        patch: "r1 = *(u64 *)(r1 + 0)\n call 4711"),
    ShapeCase(
        name: "hidden argument", rewrites: [.kernelFunction], insn: "call kfunc 0",
        patch: "r2 = 81985529216486895 ll\n call kfunc 4711", functions: ["bpf_obj_drop_impl"]),
    ShapeCase(
        name: "cast", rewrites: [.kernelFunction], insn: "call kfunc 0", patch: "r0 = r1",
        functions: ["bpf_rdonly_cast"]),
    ShapeCase(
        name: "tail call", rewrites: [.tailCall], insn: "call 12", patch: "if r3 >= 4 goto +2\n w3 &= 3\n call 12"),
    ShapeCase(
        name: "barrier in front", rewrites: [.nospec], insn: "r0 += 7",
        patch: "insn 0xc2 dst 0 src 0 off 0 imm 0\n r0 += 7"),
    ShapeCase(
        name: "barrier behind", rewrites: [.nospec], insn: "*(u64 *)(r10 - 8) = r1",
        patch: "*(u64 *)(r10 - 8) = r1\n insn 0xc2 dst 0 src 0 off 0 imm 0"),
    ShapeCase(
        name: "masked pointer", rewrites: [.pointerArithmetic], insn: "r2 += r3",
        patch: """
            w11 = 63
            r11 -= r3
            r11 |= r3
            r11 = -r11
            r11 s>>= 63
            r11 &= r3
            r2 += r11
            """),
    ShapeCase(
        name: "fastcall", rewrites: [.fastcall, .processorID, .fastcall],
        insn: "*(u64 *)(r10 - 8) = r1\n call 8\n r1 = *(u64 *)(r10 - 8)",
        patch: "r0 = 4711\n r0 = r0 {off=-1}\n r0 = *(u32 *)(r0 + 0)"),
    ShapeCase(name: "nop", rewrites: [.nop], insn: "goto +0", patch: ""),
    ShapeCase(name: "may_goto over nothing", rewrites: [.nop, .nop], insn: "may_goto +1\n may_goto +0", patch: ""),
    ShapeCase(name: "a jump over a nop", rewrites: [.nop], insn: "goto +1\n goto +0", patch: "goto +0"),
    ShapeCase(name: "a jump over a may_goto", rewrites: [.nop, .nop], insn: "goto +1\n may_goto +0", patch: ""),
    ShapeCase(name: "dead code", rewrites: [.nop, .deadCode], insn: "goto +2\n x r0 = 5\n x r0 = 6", patch: ""),
    ShapeCase(
        name: "hard-wired to nothing", rewrites: [.nop, .deadCode],
        insn: "if r0 == 3 goto +2\n x r0 = 1\n x r0 = 2\n r0 = 4", patch: "r0 = 4"),
    ShapeCase(
        name: "hard-wired", rewrites: [.hardWired, .deadCode],
        insn: "if r0 == 3 goto +2\n x r0 = 1\n r0 = 2\n r0 = 4\n goto -3", patch: "goto +1\n r0 = 2\n r0 = 4\n goto -3"),
]

@Suite("One rewrite by itself")
struct ShapeTests {
    private func surrounded(_ text: String, end: String = "") -> String {
        "fn r0 = 1001 #0\n if r0 == 9 goto here\n r7 = 1002 #1\n here: \(text)\n r7 = 1003 #2\n goto here\n \(end)"
    }

    @Test("is recognised, with jumps to it and behind it", arguments: shapes)
    func recognised(_ shape: ShapeCase) throws {
        // The last of the program is dead, as nothing leaves the loop.
        let input = try Listing(surrounded(shape.insn, end: "x exit"))
        let result = try Listing(surrounded(shape.patch))
        let report = check(input, result.program, flags: shape.flags, functions: shape.functions, facts: shape.facts)
        #expect(report.gaps.isEmpty, "\(report.gaps)")
        #expect(report.findings.isEmpty, "\(report.findings)")
        for rewrite in shape.rewrites { #expect(report.coverage.total(rewrite) > 0, "\(rewrite)") }
    }

    @Test("is not recognised with one instruction changed", arguments: shapes.filter { $0.patch.contains("\n") })
    func changed(_ shape: ShapeCase) throws {
        let input = try Listing(surrounded(shape.insn, end: "x exit"))
        let result = try Listing(surrounded(shape.patch))
        let first = try #require(result.labels["here"])
        let last = result.program.insns.count - 2
        for slot in first..<last {
            var changed = result.program
            // Another register is never right, for a constant's second slot as for everything else.
            changed.insns[slot].registers ^= 0x05
            let report = check(input, changed, flags: shape.flags, functions: shape.functions)
            #expect(!report.isClean, "slot \(slot - first) of \(shape.name): \(changed.insns[slot])")
        }
    }
}
