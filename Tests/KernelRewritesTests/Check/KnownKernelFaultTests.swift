import BPF
import Fuzzing
import KernelModel
import KernelRewrites
import Testing

@Suite("What kernels show otherwise than it is")
struct KnownKernelFaultTests {
    /// A call over so many slots that its offset does not fit 16 bits, and what is shown of it.
    private func far(number: Int32) -> (input: Program, live: [Bool], result: Program) {
        let count = 40_000
        let filler = Instruction(code: Opcode.movImmediate64, dst: 7, imm: 1001)
        let exit = Instruction(code: Opcode.exit)
        let call = Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: Int32(count + 1))
        let rest = Array(repeating: filler, count: count) + [exit, filler, exit]
        let subprograms = [Subprogram(start: 0, id: 0), Subprogram(start: UInt32(count + 2), id: 1)]
        let input = Program(insns: [call] + rest, subprograms: subprograms)
        var result = input
        result.insns[0].off = Int16(truncatingIfNeeded: call.imm)
        result.insns[0].imm = number
        return (input, Array(repeating: true, count: input.insns.count), result)
    }

    private func report(_ number: Int32) -> RewriteReport {
        let far = far(number: number)
        var checker = RewriteChecker(facts: .example)
        return checker.check(LoadableProgram(program: far.input), live: far.live, result: far.result)
    }

    @Test("a far call is one finding of its own, and any other number of it another")
    func farCall() {
        #expect(report(-2).findings.map(\.bucket) == ["kernel/encoding/far-call/none"])
        #expect(report(1).findings.contains { $0.rule == .wrongLanding })
        #expect(report(0).findings.contains { $0.rule == .wrongLanding })
    }

    @Test("later kernels show it whole")
    func swapped() {
        var far = far(number: 0)
        far.result.insns[0].off = 1
        far.result.insns[0].imm = far.input.insns[0].imm
        var checker = RewriteChecker(facts: .example)
        let report = checker.check(LoadableProgram(program: far.input), live: far.live, result: far.result)
        #expect(report.isClean, "\(report.findings) \(report.gaps)")
    }

    @Test(
        "the address of a removed subprogram is a finding, and an address that the removal does not predict another",
        arguments: [4, 1, 0])
    func deadCallee(_ offset: Int32) throws {
        let input = try Listing(
            """
            fn r2 = subprog gone ll
               r7 = 1001
               call other
               exit
            x fn gone: r0 = 1002
            x  exit
            fn other: r0 = 1003
               exit
            """)
        let result = try Listing(
            """
            fn r2 = subprog other ll
               r7 = 1001
               call other
               exit
            fn other: r0 = 1003
               exit
            """, ids: [0, 2], isCompiled: true)
        var shown = result.program
        shown.insns[0].imm = offset
        let report = check(input, shown)
        #expect(report.gaps.isEmpty, "\(report.gaps)")
        let buckets = report.findings.map(\.bucket)
        #expect(buckets.first == "kernel/wrong-landing/pseudo-func-forward/delete")
        // The removal predicts the subprogram after the removed one, 4 slots on.
        let others = buckets.filter { $0 != "kernel/wrong-landing/pseudo-func-forward/delete" }
        #expect(others.isEmpty == (offset == 4), "\(buckets)")
        // A kernel that keeps the subprogram has the same instruction there: where it leads is the evidence.
        let next = UInt32(exactly: offset + 1).flatMap { start in shown.subprograms.first { $0.start == start }?.id }
        #expect(report.evidence.first?.seen == .target(slot: 0, subprogram: next))
        #expect(report.evidence.first?.must == .target(slot: 0, subprogram: 1))
        let kept = try Listing(
            """
            fn r2 = subprog gone ll
               r7 = 1001
               call other
               exit
            fn gone: r0 = 1002
              exit
            fn other: r0 = 1003
               exit
            """, isCompiled: true
        ).program
        #expect(report.evidence[0].must == report.evidence[0].seen.part(of: kept))
    }

    @Test(
        "a copied call is the known fault only if it is off by the slots before it",
        arguments: [
            ("other", "kernel/wrong-landing/call-backward/none"),
            ("start", "kernel/wrong-landing/call-backward/unpredicted"),
        ])
    func copiedCall(_ target: String, _ bucket: String) throws {
        func text(_ call: String, counter: String, jump: String) -> String {
            """
            fn start: r0 = 1001
               call late
               exit
            fn early: r0 = 1002
               exit
            fn other: r0 = 1003
               exit
            fn late: \(counter) call \(call)
               \(jump)
               r0 = 1004
            end: exit
            """
        }
        let input = try Listing(text("early", counter: "", jump: "may_goto end"))
        let counter = "*(u64 *)(r10 - 16) = 65535\n *(u64 *)(r10 - 8) = 0\n"
        let jump = """
            r11 = *(u64 *)(r10 - 16)
            if r11 == 0 goto end
            r11 -= 1
            if r11 != 0 goto +2
            r11 = -16
            call 4711
            *(u64 *)(r10 - 16) = r11
            """
        let right = try Listing(text("early", counter: counter, jump: jump), isCompiled: true).program
        #expect(check(input, right).isClean)
        let wrong = try Listing(text(target, counter: counter, jump: jump), isCompiled: true).program
        let buckets = check(input, wrong).findings.map(\.bucket)
        #expect(buckets.contains(bucket) && buckets.count == 1, "\(buckets)")
    }

    @Test("lines that blinding moved in a program with subprograms have a bucket of their own")
    func sharedLines() throws {
        let text = "fn r7 = 1001 #0\n call other #1\n exit #2\n fn other: r0 = 1002 #3\n exit"
        let input = try Listing(text)
        var shown = try Listing(text, isCompiled: true).program
        #expect(check(input, shown).isClean)
        // Blinding the constant of each function moves all later lines by 2.
        for (row, off) in [0, 5, 6, 7].enumerated() { shown.lines[row].insnOff = UInt32(off) }
        var facts = KernelFacts.example
        facts.features.insert(.blinding)
        #expect(check(input, shown, facts: facts).findings.map(\.bucket) == ["kernel/line/shared/blinding"])
        #expect(check(input, shown).findings.map(\.rule) == [.line])
        // Any other shift is a finding of its own, and not the known fault.
        for row in 1..<4 {
            for shift in [-2, -1, 1, 2] {
                var other = shown
                other.lines[row].insnOff = UInt32(Int(shown.lines[row].insnOff) + shift)
                let buckets = check(input, other, facts: facts).findings.map(\.bucket)
                #expect(!buckets.isEmpty && !buckets.contains("kernel/line/shared/blinding"), "\(buckets)")
            }
        }
    }
}

@Suite("Blinded constants")
struct BlindingTests {
    private static let input = """
        fn r7 = 1001               #0
        top: r0 = 1002             #1
           r3 = 81985529216486895 ll #2
           *(u32 *)(r10 - 4) = 77
           w4 = 0
           if r0 == 5 goto top     #3
           if w0 != 9 goto end
           r4 /= 3
        end: exit                  #4
        """

    private static let blinded = """
        fn r11 = 4660              #0
           r11 ^= 4573
           r7 = r11
        top: r11 = 305419896       #1
           r11 ^= 305419666
           r0 = r11
        wide: r11 = 1              #2
           r11 ^= 19088742
           r11 <<= 32
           r3 = r11
           w11 = 1
           w11 ^= -1985229330
           r3 |= r11
           r11 = 7
           r11 ^= 74
           *(u32 *)(r10 - 4) = r11
           r4 ^= r4
           r11 = 6                 #3
           r11 ^= 3
        back: if r0 == r11 goto top
        front: w11 = 8
           w11 ^= 1
           if w0 != w11 goto end
           r11 = 2
           r11 ^= 1
           r4 /= r11
        end: exit                  #4
        """

    @Test("are taken back")
    func right() throws {
        let report = check(try Listing(Self.input), try Listing(Self.blinded).program)
        #expect(report.isClean, "\(report.findings) \(report.gaps)")
        #expect(report.coverage.total(.blinding) == 8)
        #expect(report.coverage[.blinding, .from, .conditionalBackward] == 1)
        #expect(report.coverage[.blinding, .first, .conditionalBackward] == 1)
    }

    @Test("are never passed over with a bit changed")
    func oneBit() throws {
        let input = try Listing(Self.input)
        let result = try Listing(Self.blinded).program
        for slot in result.insns.indices {
            for bit in 0..<64 {
                var spoilt = result
                spoilt.insns[slot].bits ^= 1 << UInt64(bit)
                #expect(!check(input, spoilt).isClean, "bit \(bit) of slot \(slot), \(result.insns[slot])")
            }
        }
    }

    @Test("are a finding if one is left as it was")
    func left() throws {
        let input = try Listing("fn r7 = 1001\n r0 = 1002\n exit")
        let result = try Listing("fn r11 = 4660\n r11 ^= 4573\n r7 = r11\n r0 = 1002\n exit")
        #expect(check(input, result.program).findings.map(\.bucket) == ["kernel/encoding/unblinded-alu64/blinding"])
        // All of them are, where the setting blinds.
        var facts = KernelFacts.example
        #expect(check(input, input.program, facts: facts).isClean)
        facts.features.insert(.blinding)
        #expect(
            check(input, input.program, facts: facts).findings.map(\.bucket) == [
                "kernel/encoding/unblinded-alu64/blinding"
            ])
    }

    @Test("are entered at their first instruction")
    func inside() throws {
        let result = try Listing(Self.blinded)
        let input = try Listing(Self.input)
        var jump = result.program
        jump.insns[result.labels["back"]!].off += 1
        #expect(check(input, jump).findings.map(\.bucket) == ["kernel/wrong-landing/jump/blinding"])
        var line = result.program
        line.lines[2].insnOff += 1
        #expect(check(input, line).findings.contains { $0.bucket == "kernel/line/record/blinding" })
    }
}
