import BPF
import Fuzzing
import Patching
import Testing

@Suite("What is removed in several steps")
struct RemovalOrderTests {
    /// The kernel removes runs of dead code one after the other, and then nops one by one; the checker infers one pass.
    @Test("gives the same lines, subprograms and jumps as removed at once", arguments: 0..<400)
    func steps(_ seed: Int) {
        var random = Random(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1)
        let count = 8 + random.below(40)
        // The last slot stands, so that something follows each removal.
        let isDead = (0..<count).map { $0 < count - 1 && random.below(3) == 0 }
        let isNop = (0..<count).map { $0 < count - 1 && !isDead[$0] && random.below(4) == 0 }
        var program = Program(insns: (0..<count).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) })
        program.insns[count - 1] = Instruction(code: Opcode.exit)
        for slot in 0..<count - 1 where random.below(4) == 0 {
            // Only what stands, or is the first of what is removed, is reached.
            let target = random.below(count)
            if isDead[target] && (target == 0 || isDead[target - 1]) { continue }
            program.insns[slot] = Instruction(code: 0x15, off: Int16(target - slot - 1), imm: Int32(slot))
        }
        program.lines = (0..<count).filter { _ in random.below(2) == 0 }.map {
            LineRecord(insnOff: UInt32($0), id: UInt32($0))
        }
        let input = ProgramBuffer()
        input.load(program)
        let once = apply(runs(isDead, or: isNop), to: input)

        var current = input
        var offset = 0
        for run in runs(isDead, or: isDead) {
            current = apply([run.lowerBound - offset..<run.upperBound - offset], to: current)
            offset += run.count
        }
        var removed = 0
        let standing = (0..<count).filter { !isDead[$0] }
        for (place, slot) in standing.enumerated() where isNop[slot] {
            current = apply([place - removed..<place - removed + 1], to: current)
            removed += 1
        }
        let (atOnce, inSteps) = (Program(once.image(as: Slot.self)), Program(current.image(as: Slot.self)))
        #expect(atOnce == inSteps, "seed \(seed)")
    }

    private func runs(_ first: [Bool], or second: [Bool]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for slot in first.indices where first[slot] || second[slot] {
            if let last = runs.last, last.upperBound == slot {
                runs[runs.count - 1] = last.lowerBound..<slot + 1
            } else {
                runs.append(slot..<slot + 1)
            }
        }
        return runs
    }

    private func apply(_ deletions: [Range<Int>], to input: ProgramBuffer) -> ProgramBuffer {
        let pass = PassBuffer()
        pass.load(
            Pass(edits: deletions.map { Edit(off: InputIndex($0.lowerBound), remove: UInt32($0.count)) }))
        let output = ProgramBuffer()
        let status = BuiltInPatchers.kernelArray.make().apply(
            pass.image, to: input.image(as: InputIndex.self), into: output)
        #expect(status == .accepted)
        return output
    }

    private struct Random {
        var state: UInt64
        mutating func below(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
    }
}
