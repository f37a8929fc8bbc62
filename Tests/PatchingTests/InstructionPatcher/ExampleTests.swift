import BPF
import Patching
import Testing

/// The examples of the module's page and of the article "Rewriting programs", word for word, with their exact results.
struct ExampleTests {
    private func expect(
        _ result: Program, _ listing: String, aux: [UInt32], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try Program(listing)
        #expect(result.listing == expected.listing, sourceLocation: sourceLocation)
        #expect(result.insns == expected.insns, sourceLocation: sourceLocation)
        #expect(result.aux == aux, sourceLocation: sourceLocation)
        #expect(result.fault() == nil, sourceLocation: sourceLocation)
    }

    /// "Overview" of the module's page
    @Test func aCallIsFollowedByACheck() throws {
        let program = try Program("t: call 5; r1 = r0; if r1 < 9 goto t; exit")

        let patcher = try InstructionPatcher(program)
        let nanoseconds = Instruction(code: Opcode.call, imm: 5)
        for insn in patcher where insn.insn == nanoseconds {
            try patcher.replace(with: Patch("kept; if r0 != 0 goto out; r0 = 1"))
        }
        let result = try patcher.finish()

        try expect(
            result, "t: call 5; if r0 != 0 goto u; r0 = 1; u: r1 = r0; if r1 < 9 goto t; exit", aux: [1, 0, 0, 2, 3, 4])
    }

    /// "A prologue"
    @Test func aLoopToTheFirstInstructionSkipsAPrologue() throws {
        var program = try Program(
            """
            first: r2 = *(u32 *)(r1 +76)
                   if r2 != 0 goto first
                   exit
            """)
        program.lines = [LineRecord(insnOff: 0, id: 70), LineRecord(insnOff: 2, id: 71)]

        let patcher = try InstructionPatcher(program)
        let prologue = try Patch(
            """
            r6 = *(u8 *)(r1 +126)
            if r6 == 0 goto out
            r6 = r1
            call 39
            r1 = r6
            """)
        try patcher.insert(prologue, before: InputIndex(0), skip: true)
        let result = try patcher.finish()

        try expect(
            result,
            """
                   r6 = *(u8 *)(r1 +126)
                   if r6 == 0 goto first
                   r6 = r1
                   call 39
                   r1 = r6
            first: r2 = *(u32 *)(r1 +76)
                   if r2 != 0 goto first
                   exit
            """, aux: [0, 0, 0, 0, 0, 1, 2, 3])
        #expect(result.subprograms == [Subprogram(start: 0, id: 0)])
        #expect(result.lines == [LineRecord(insnOff: 0, id: 70), LineRecord(insnOff: 7, id: 71)])
        #expect(patcher.currentIndex(of: InputIndex(0)) == OutputIndex(5))
        #expect(patcher.landing(of: InputIndex(0)) == OutputIndex(5))
    }

    /// "bpf_fastcall"
    @Test func spillCallAndFillBecomeOneInstruction() throws {
        let program = try Program(
            """
                   if r1 == 0 goto spill
                   if r1 == 1 goto after
            spill: *(u64 *)(r10 -8) = r1
                   call 8
                   r1 = *(u64 *)(r10 -8)
            after: r0 += r1
                   if r0 s>= 0 goto spill
                   exit
            """)

        let spill = Instruction(code: 0x7b, dst: 10, src: 1, off: -8)  // *(u64 *)(r10 -8) = r1
        let call = Instruction(code: Opcode.call, imm: 8)
        let fill = Instruction(code: 0x79, dst: 1, src: 10, off: -8)  // r1 = *(u64 *)(r10 -8)
        let inlined = try Patch("r0 = *(u32 *)(r9 +0)")

        let patcher = try InstructionPatcher(program)
        for insn in patcher {
            let first = insn.originalIndex
            guard insn.insn == spill, first + 3 <= patcher.endIndex else { continue }
            if patcher[first + 1] == call && patcher[first + 2] == fill {
                try patcher.replace(first..<(first + 3), with: inlined)
            }
        }
        let result = try patcher.finish()

        try expect(
            result,
            """
                   if r1 == 0 goto spill
                   if r1 == 1 goto after
            spill: r0 = *(u32 *)(r9 +0)
            after: r0 += r1
                   if r0 s>= 0 goto spill
                   exit
            """, aux: [1, 2, 3, 6, 7, 8])
        #expect(patcher.passCount == 1)
    }

    /// "may_goto"
    @Test func mayGotoIsExpandedForwardAndBackward() throws {
        let program = try Program(
            """
            loop:  may_goto done
                   r7 += 1
                   if r7 > 100 goto done
                   may_goto loop
            done:  r0 = r7
                   exit
            """)

        let patcher = try InstructionPatcher(program)
        for insn in patcher {
            guard insn.insn.code == Opcode.mayGoto, let target = insn.target else { continue }
            try patcher.replace(
                with: Patch(
                    """
                    r11 = *(u64 *)(r10 -8)
                    if r11 == 0 goto @\(target)
                    r11 -= 1
                    *(u64 *)(r10 -8) = r11
                    """))
        }
        try patcher.insert(Patch("*(u64 *)(r10 -8) = 8388608"), before: InputIndex(0), skip: true)
        let result = try patcher.finish()

        try expect(
            result,
            """
                   *(u64 *)(r10 -8) = 8388608
            loop:  r11 = *(u64 *)(r10 -8)
                   if r11 == 0 goto done
                   r11 -= 1
                   *(u64 *)(r10 -8) = r11
                   r7 += 1
                   if r7 > 100 goto done
                   r11 = *(u64 *)(r10 -8)
                   if r11 == 0 goto loop
                   r11 -= 1
                   *(u64 *)(r10 -8) = r11
            done:  r0 = r7
                   exit
            """, aux: [0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 4, 5, 6])
        #expect(patcher.passCount == 2)
    }

    /// "Two phases"
    @Test func aSecondPhaseSeesInsertedInstructions() throws {
        let program = try Program("call 118; exit")

        let patcher = try InstructionPatcher(program)
        for insn in patcher {
            if insn.insn.code == Opcode.exit { try patcher.insert(Patch("r6 = r0; call 118; r6 -= r0; r0 = r6")) }
        }
        let exit = try #require(patcher.currentIndex(of: InputIndex(1)))
        try patcher.beginPhase()
        let inlined = try Patch("r0 = 4096 ll; r0 = *(u64 *)(r0 +0)")
        for insn in patcher {
            if insn.insn == Instruction(code: Opcode.call, imm: 118) { try patcher.replace(with: inlined) }
        }
        let result = try patcher.finish()

        try expect(
            result,
            """
            r0 = 4096 ll
            r0 = *(u64 *)(r0 +0)
            r6 = r0
            r0 = 4096 ll
            r0 = *(u64 *)(r0 +0)
            r6 -= r0
            r0 = r6
            exit
            """, aux: [0, 0, 1, 0, 0, 0, 0, 0, 0, 2])
        #expect(exit == OutputIndex(5))
        #expect(patcher.currentIndex(of: InputIndex(exit)) == OutputIndex(9))
    }
}
