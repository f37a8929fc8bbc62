import BPF
import Patching
import TestSupport
import Testing

/// Iteration, indices, passes and memory of `InstructionPatcher`.
struct InstructionPatcherTests {
    private let plain: Patch = [Instruction(code: Opcode.movImmediate64, dst: 9, imm: 9)]

    private func at(_ index: Int) -> InputIndex { InputIndex(index) }

    private func program() throws -> Program { try Program.twoSubprograms() }

    // MARK: Iteration

    @Test func instructionsHaveTheirProperties() throws {
        let program = try program()
        let patcher = try InstructionPatcher(program)
        try patcher.insert(plain, before: at(0))
        let insns = Array(patcher)
        #expect(insns.map(\.originalIndex) == [0, 1, 3, 4, 5, 6, 7].map(at))
        #expect(insns.map(\.currentIndex.position) == [1, 2, 4, 5, 6, 7, 8])
        #expect(insns.map(\.insn) == [0, 1, 3, 4, 5, 6, 7].map { program.insns[$0] })
        #expect(insns.map(\.secondSlot) == [nil, program.insns[2], nil, nil, nil, nil, nil])
        #expect(insns.map(\.aux) == [1, 2, 4, 5, 6, 7, 8])
        #expect(insns.map(\.secondAux) == [nil, 3, nil, nil, nil, nil, nil])
        #expect(insns.map(\.subprogram.id) == [50, 50, 50, 50, 50, 51, 51])
        #expect(insns.map(\.target) == [nil, nil, at(5), at(6), nil, nil, nil])
        #expect(insns.map(\.nextIndex) == [1, 3, 4, 5, 6, 7, 8].map(at))
        #expect(patcher.next() == nil)
        patcher.rewind()
        #expect(patcher.next() == insns[0])
    }

    @Test func theIterationContinuesAfterAnEdit() throws {
        let patcher = try InstructionPatcher(Program("r1 = 0; r1 = 1; r1 = 2; r1 = 3; r1 = 4; r1 = 5; exit"))
        var seen: [String] = []
        for insn in patcher {
            seen.append("\(insn.originalIndex)@\(insn.currentIndex)")
            switch insn.originalIndex {
            case at(0): try patcher.insert(plain)
            case at(1):
                try patcher.replace(with: Patch("r9 = 1; kept; r9 = 2"))
                // After and before the current instruction.
                try patcher.delete(at(0))
                try patcher.delete(at(3))
                try patcher.insert(plain, after: at(2))
                try patcher.insert(plain, before: at(5))
            case at(2): try patcher.delete()
            default: break
            }
        }
        #expect(seen == ["0@0", "1@2", "2@4", "4@5", "5@7", "6@8"])
        #expect(
            try patcher.finish().listing
                == "r9 = 9\nr9 = 1\nr1 = 1\nr9 = 2\nr9 = 9\nr1 = 4\nr9 = 9\nr1 = 5\nexit")
    }

    // MARK: Indices

    @Test func indicesAreKnownInAnyOrder() throws {
        let patcher = try InstructionPatcher(program())
        try patcher.replace(at(1), with: Patch("r9 = 1; kept; r9 = 2"))
        #expect(patcher.currentIndex(of: at(7)) == OutputIndex(9))
        try patcher.insert(plain, before: at(0), skip: true)
        try patcher.delete(at(3))
        try patcher.append(Patch("exit"))
        let expected: [Int?] = [1, 3, 4, nil, 6, 7, 8, 9, 11]
        #expect((0...8).map { patcher.currentIndex(of: at($0))?.position } == expected)
        #expect(patcher.currentCount == 11)
        // No pass has run yet.
        #expect((0...8).map { patcher.landing(of: at($0))?.position } == [0, 1, nil, 3, 4, 5, 6, 7, 8])
        _ = try patcher.finish()
        #expect((0...8).map { patcher.currentIndex(of: at($0))?.position } == expected)
        #expect((0...8).map { patcher.landing(of: at($0))?.position } == [1, 2, nil, 6, 6, 7, 8, 9, 10])
    }

    @Test func appendedCodeIsReachedInTheNextPhase() throws {
        let patcher = try InstructionPatcher(Program("r1 = 100; r1 = 101; exit"))
        try patcher.append(Patch("r0 = 1; exit"))
        try patcher.insert(plain, before: at(0))
        try patcher.commit()
        let slowPath = InputIndex(try #require(patcher.landing(of: patcher.endIndex)))
        let insn = InputIndex(try #require(patcher.currentIndex(of: at(1))))
        try patcher.beginPhase()
        try patcher.insert(Patch("if r1 == 0 goto @\(slowPath)"), before: insn)
        #expect(
            try patcher.finish().listing == "r9 = 9\nr1 = 100\nif r1 == 0 goto +2\nr1 = 101\nexit\nr0 = 1\nexit")
        #expect(patcher.passCount == 2)
    }

    @Test func outermostAppendedCodeComesFirst() throws {
        let patcher = try InstructionPatcher(Program("r1 = 100; exit"))
        try patcher.append(Patch("r2 = 1; exit"))
        try patcher.append(Patch("r2 = 2; exit"))
        try patcher.insert(Patch("r2 = 3; exit"), before: patcher.endIndex, outermost: true)
        #expect(try patcher.finish().listing == "r1 = 100\nexit\nr2 = 3\nexit\nr2 = 1\nexit\nr2 = 2\nexit")
        #expect(patcher.landing(of: patcher.endIndex) == OutputIndex(2))
        #expect(patcher.currentIndex(of: patcher.endIndex) == OutputIndex(8))
    }

    // MARK: Passes

    /// The second edit of an instruction goes into the second pass, independent of edits in between.
    @Test func oneInstructionHasOneEditAPass() throws {
        let insns = (0..<50).map { Instruction(code: Opcode.movImmediate64, imm: $0) }
        let patcher = try InstructionPatcher(Program(insns: insns))
        for round in 0..<3 {
            for index in (0..<50).reversed() {
                try patcher.insert(
                    [Instruction(code: Opcode.movImmediate64, dst: 2, imm: Int32(round))], before: at(index))
            }
        }
        let result = try patcher.finish()
        #expect(patcher.passCount == 3)
        #expect(result.insns.map(\.imm) == (0..<50).flatMap { [0, 1, 2, $0] })
    }

    /// A ref in a later pass lands where a jump of the program to the same instruction lands.
    @Test func refsFollowTheirTargets() throws {
        let patcher = try InstructionPatcher(
            Program("t: r1 = 100; r1 = 101; goto t; exit"))
        try patcher.insert(Patch("r2 = 1"), before: at(0))
        try patcher.insert(Patch("r2 = 2"), before: at(0))
        try patcher.delete(at(3))
        try patcher.insert(Patch("exit"), after: at(2))
        try patcher.insert(Patch("if r1 == 0 goto @0; if r1 == 0 goto @1"), before: at(2), skip: true)
        #expect(
            try patcher.finish().listing == """
                r2 = 1
                r2 = 2
                r1 = 100
                r1 = 101
                if r1 == 0 goto -5
                if r1 == 0 goto -3
                goto -7
                exit
                """)
    }

    /// A call in a later pass reaches its subprogram, although both have moved and another subprogram is gone.
    @Test func callsFollowTheirSubprograms() throws {
        var program = try Program("r1 = 100; exit; r1 = 102; exit; r1 = 104; exit")
        program.subprograms = [0, 2, 4].map { Subprogram(start: UInt32($0), id: UInt32($0)) }
        let patcher = try InstructionPatcher(program)
        try patcher.insert(plain, before: at(0))
        try patcher.insert(plain, before: at(4))
        try patcher.delete(at(2)..<at(4))
        try patcher.insert(Patch("call @4"), before: at(0))
        let result = try patcher.finish()
        #expect(result.listing == "r9 = 9\ncall +2\nr1 = 100\nexit\nr9 = 9\nr1 = 104\nexit")
        #expect(result.subprograms == [Subprogram(start: 0, id: 0), Subprogram(start: 4, id: 4)])

        let other = try InstructionPatcher(program)
        try other.insert(plain, before: at(0))
        try other.delete(at(2)..<at(4))
        try other.insert(Patch("call @2"), before: at(0))
        #expect(throws: PatchingError.refused(pass: 1)) { try other.finish() }
    }

    @Test func aCommitKeepsOriginalIndices() throws {
        let patcher = try InstructionPatcher(Program("t: r1 = 100; r1 = 101; goto t"))
        #expect(patcher.next()?.originalIndex == at(0))
        try patcher.insert(plain, before: at(0))
        try patcher.commit()
        #expect(patcher.passCount == 1)
        #expect(patcher.next()?.currentIndex == OutputIndex(2))
        try patcher.delete()
        try patcher.insert(plain, after: at(2))
        #expect(try patcher.finish().listing == "r9 = 9\nr1 = 100\ngoto -3\nr9 = 9")
        #expect(patcher.passCount == 2)
    }

    /// The list in the article of edits whose result depends on a commit between them.
    @Test func aCommitShowsTheOrder() throws {
        func delete(committing: Bool) throws -> String {
            let patcher = try InstructionPatcher(Program("goto t; r1 = 101; t: r1 = 102; r1 = 103; exit"))
            try patcher.insert(plain, before: at(3), skip: true)
            if committing { try patcher.commit() }
            try patcher.delete(at(2))
            return try patcher.finish().listing
        }
        #expect(try delete(committing: false) == "goto +2\nr1 = 101\nr9 = 9\nr1 = 103\nexit")
        #expect(try delete(committing: true) == "goto +1\nr1 = 101\nr9 = 9\nr1 = 103\nexit")

        func append(committing: Bool) throws -> String {
            let patcher = try InstructionPatcher(Program("goto t; r1 = 101; t: exit"))
            try patcher.append(Patch("r0 = 0; exit"))
            if committing { try patcher.commit() }
            try patcher.delete(at(2))
            return try patcher.finish().listing
        }
        #expect(throws: PatchingError.refused(pass: 0)) { try append(committing: false) }
        #expect(try append(committing: true) == "goto +1\nr1 = 101\nr0 = 0\nexit")
    }

    /// Many edits have the same result in any order.
    @Test func theOrderOfManyEditsDoesNotMatter() throws {
        let insns = (0..<100_000).map { Instruction(code: Opcode.movImmediate64, imm: $0) }
        let program = Program(insns: insns)
        var numbers = SeededNumbers(seed: 7)
        let patch = try Patch("r2 = 1; kept")
        func result(_ order: [Int]) throws -> Program {
            let patcher = try InstructionPatcher(program)
            for index in order { try patcher.replace(at(index), with: patch) }
            let result = try patcher.finish()
            #expect(patcher.passCount == 1)
            #expect(patcher.currentIndex(of: at(99_999)) == OutputIndex(199_999))
            return result
        }
        let expected = try result(Array(insns.indices))
        #expect(expected.insns.count == 200_000)
        #expect(try result(insns.indices.shuffled(using: &numbers)) == expected)
    }

    // MARK: Memory

    @Test func aPatcherIsUsedAgain() throws {
        let program = try program()
        let patcher = try InstructionPatcher(program)
        let buffer = ProgramBuffer()
        for _ in 0..<3 {
            try patcher.load(program)
            #expect(patcher.passCount == 0)
            _ = patcher.next()
            try patcher.insert(plain)
            try patcher.insert(plain)
            try patcher.finish(into: buffer)
            #expect(buffer.insnCount == 10)
            #expect(patcher.passCount == 2)
        }
        let other = try InstructionPatcher(buffer.image(as: OutputIndex.self))
        #expect(try other.finish() == Program(buffer.image(as: OutputIndex.self)))
        #expect(other.passCount == 0)
    }

    @Test func anIllFormedProgramIsRefused() throws {
        let broken = Program(insns: [Instruction(code: Opcode.ja, off: 5)])
        let fault = ProgramFault(.targetOutside, at: 0)
        #expect(throws: fault) { _ = try InstructionPatcher(broken) }
        #expect(throws: ProgramFault(.auxCount, at: 0)) {
            _ = try InstructionPatcher(Program(insns: [Instruction(code: Opcode.exit)], aux: []))
        }
        let buffer = ProgramBuffer()
        buffer.load(broken)
        #expect(throws: fault) { _ = try InstructionPatcher(buffer.image(as: Slot.self)) }

        let patcher = try InstructionPatcher(program())
        #expect(throws: fault) { try patcher.load(broken) }
        #expect(patcher.next() == nil)
        #expect(patcher.endIndex == at(0))
        #expect(throws: PatchingError.refused(pass: 0)) { try patcher.finish() }
        try patcher.append(plain)
        #expect(throws: PatchingError.refused(pass: 0)) { try patcher.finish() }
        try patcher.load(program())
        #expect(try patcher.finish() == program())
    }
}
