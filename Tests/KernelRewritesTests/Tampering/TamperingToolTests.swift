import BPF
import TestSupport
import Testing

/// The parts of the tampering: what changes a result, and what tells a right change from a wrong one.
struct TamperingToolTests {
    private static let text = """
        fn r0 = 1
        top: if r0 == 7 goto done
           r1 = 5 ll
           call sub
           goto hop
        hop: goto top
        done: exit
        fn sub: r0 = 2
        again: if r0 == 9 goto sub
           if r0 == 8 goto again
           exit
        """

    private func listing(isCompiled: Bool = true) throws -> Listing { try Listing(Self.text, isCompiled: isCompiled) }

    /// A program with the jump at a label leading to another label.
    private func program(_ slot: String, offset: Int = 0, to target: String) throws -> (Program, Program) {
        let listing = try listing()
        var changed = listing.program
        let slot = try #require(listing.labels[slot]) + offset
        let place = try #require(listing.labels[target])
        changed.insns[slot] = try #require(changed.insn(at: slot, leadingTo: place))
        return (listing.program, changed)
    }

    @Test func aJumpPastAGotoDoesTheSame() throws {
        let (right, changed) = try program("hop", offset: -1, to: "top")
        #expect(right != changed && Behaviour(right, changed).isEqual)
    }

    @Test(arguments: [("top", 0, "hop"), ("hop", 0, "done"), ("again", 0, "again"), ("again", 1, "sub")])
    func aJumpElsewhereDoesNot(_ slot: String, _ offset: Int, _ target: String) throws {
        let (right, changed) = try program(slot, offset: offset, to: target)
        #expect(!Behaviour(right, changed).isEqual)
    }

    @Test func theSecondSlotOfAWideLoadCounts() throws {
        let right = try listing().program
        var changed = right
        let wide = right.insns.firstIndex { $0.isWide }
        let slot = try #require(wide)
        changed.insns[slot + 1].imm = 1
        #expect(!Behaviour(right, changed).isEqual)
    }

    @Test(arguments: [true, false]) func insertionAndRemovalAreInverse(_ isCompiled: Bool) throws {
        let right = try listing(isCompiled: isCompiled).program
        for slot in right.insns.indices where slot == 0 || !right.insns[slot - 1].isWide {
            var changed = right
            changed.insert([Instruction(code: Opcode.movImmediate64, imm: 3)], at: slot)
            #expect(changed.insns.count == right.insns.count + 1 && changed != right)
            changed.remove(at: slot)
            #expect(changed == right, "slot \(slot)")
        }
    }

    /// Blinding leaves jumps, lines and values as they were; the hidden register holds each constant.
    @Test func blindingKeepsTargets() throws {
        let listing = try Listing(
            """
            fn top: r0 = 1001 #0
               if r0 == 77 goto top #1
               r1 = 5 ll
               w1 += 9
               goto top #2
               exit
            """)
        var numbers = SeededNumbers(seed: 1)
        let blinding = Blinding(listing.program, using: &numbers)
        #expect(blinding.places.map(\.count) == [3, 3, 4, 3, 3, 1, 1])
        #expect(blinding.program.target(at: 5) == 0 && blinding.program.target(at: 16) == 0)
        #expect(blinding.program.lines.map(\.insnOff) == [0, 3, 16])
        for (slot, constant) in [(0, 1001), (3, 77), (6, 0), (10, 5), (13, 9)] as [(Int, Int32)] {
            #expect(blinding.program.insns[slot].imm ^ blinding.program.insns[slot + 1].imm == constant)
        }
    }
}
