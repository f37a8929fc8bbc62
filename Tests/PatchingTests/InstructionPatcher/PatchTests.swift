import BPF
import Patching
import Testing

/// Patches with labels and calls, and patches from text.
struct PatchTests {
    /// Returns the result of a patch for instruction 1 of four.
    private func result(_ patch: Patch, of listing: String = "r1 = 10; r1 = 11; r1 = 12; exit") throws -> String {
        let patcher = try InstructionPatcher(Program(listing))
        try patcher.replace(InputIndex(1), with: patch)
        return try patcher.finish().listing
    }

    private let jump = Instruction(code: 0x55, dst: 1)

    @Test func labelsBecomeOffsets() throws {
        var patch = Patch()
        let back = patch.makeLabel()
        let ahead = patch.makeLabel()
        patch.place(back)
        patch.add(jump, to: .label(ahead))
        patch.add(Instruction(code: Opcode.gotol), to: .label(back))
        patch.add(jump, to: .end)
        patch.place(ahead)
        patch.add(jump, to: .instruction(InputIndex(0)))
        #expect(
            try result(patch) == """
                r1 = 10
                if r1 != 0 goto +2
                gotol -2
                if r1 != 0 goto +1
                if r1 != 0 goto -5
                r1 = 12
                exit
                """)
    }

    /// A jump over the kept instruction counts both slots of a wide load.
    @Test func labelsGoOverAKeptWideLoad() throws {
        var patch = Patch()
        let behind = patch.makeLabel()
        let kept = patch.makeLabel()
        patch.add(jump, to: .label(behind))
        patch.place(kept)
        patch.addKept()
        patch.add(jump, to: .label(kept))
        patch.place(behind)
        let wide = "r1 = 10; r1 = 11 ll; r1 = 12; exit"
        let narrow = "r1 = 10; r1 = 11; r1 = 12; exit"
        #expect(
            try result(patch, of: wide)
                == "r1 = 10\nif r1 != 0 goto +3\nr1 = 11 ll\nif r1 != 0 goto -3\nr1 = 12\nexit")
        #expect(
            try result(patch, of: narrow)
                == "r1 = 10\nif r1 != 0 goto +2\nr1 = 11\nif r1 != 0 goto -2\nr1 = 12\nexit")
    }

    @Test func aLabelAfterTheLastInstructionLeavesThePatch() throws {
        var patch = Patch()
        let end = patch.makeLabel()
        patch.add(jump, to: .label(end))
        patch.place(end)
        // The next instruction is deleted, so the jump lands on the one after it.
        let patcher = try InstructionPatcher(Program("r1 = 10; r1 = 11; r1 = 12; exit"))
        try patcher.replace(InputIndex(1), with: patch)
        try patcher.delete(InputIndex(2))
        #expect(try patcher.finish().listing == "r1 = 10\nif r1 != 0 goto +0\nexit")
    }

    @Test func callsReachSubprograms() throws {
        var program = try Program("r1 = 10; r1 = 11; exit; r0 = 1; exit")
        program.subprograms = [Subprogram(start: 0, id: 5), Subprogram(start: 3, id: 6)]
        var patch = Patch()
        patch.addCall(to: InputIndex(3))
        patch.add(
            Instruction(code: Opcode.loadImmediate64, dst: 2, src: Opcode.pseudoFunction),
            to: .instruction(InputIndex(3)))
        patch.add(.zero)
        let patcher = try InstructionPatcher(program)
        try patcher.replace(InputIndex(1), with: patch)
        try patcher.insert([Instruction(code: Opcode.movImmediate64)], before: InputIndex(3))
        #expect(
            try patcher.finish().listing
                == "r1 = 10\ncall +3\nr2 = subprog +2 ll\nexit\nr0 = 0\nr0 = 1\nexit")
    }

    @Test func anEmptiedPatchEqualsANewOne() throws {
        var patch = try Patch("goto there; kept; there: exit")
        patch.removeAll()
        #expect(patch.isEmpty)
        #expect(patch == Patch())
        patch.addKept()
        #expect(patch == (try Patch("kept")))
    }

    // MARK: Text

    @Test func textMakesTheSamePatch() throws {
        var patch = Patch()
        let done = patch.makeLabel()
        patch.add(jump, to: .label(done))
        patch.add(Instruction(code: Opcode.ja), to: .instruction(InputIndex(7)))
        patch.add(Instruction(code: Opcode.ja), to: .end)
        patch.add(Instruction(code: Opcode.ja, off: 1))
        patch.place(done)
        patch.addKept()
        patch.addCall(to: InputIndex(9))
        let text = """
            if r1 != 0 goto done; goto @\(InputIndex(7))   # a comment; goto nowhere

            goto out;
              goto +1 ;done:
            kept; call @9
            """
        #expect(try Patch(text) == patch)
    }

    /// Invalid patches, with the place of the error and the found text.
    @Test(arguments: [
        ("r1 = 5\n  goto nowhere", "2:8", "nowhere"), ("goto @loop", "1:6", "@loop"),
        ("a: exit\na: exit", "2:1", "a"), ("a: a: exit", "1:4", "a"), ("kept; kept", "1:7", "kept"),
        ("exit exit", "1:6", "exit"), ("exit;; exit", "1:6", ";"), ("r16 = 1", "1:1", "r16"),
    ]) func invalidTextIsRefused(_ text: String, _ place: String, _ found: String) throws {
        let error = try #require(#expect(throws: Patch.TextError.self) { _ = try Patch(text) }).description
        #expect(error.hasPrefix("\(place): expected ") && error.hasSuffix(", found `\(found)`"), "\(error)")
    }
}
