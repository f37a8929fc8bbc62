import BPF
import Fuzzing
import Patching
import Testing

/// Passes long enough for the designs to process them in blocks, with a special loop for runs of equal edits.
@Suite struct LongPassTests {
    /// All designs except the quadratic one.
    private static var patchers: [any Patcher] {
        BuiltInPatchers.allCases.filter { $0 != .kernelArray }.map { $0.make() }
    }

    /// Edits of all kinds, in several passes.
    @Test(arguments: [UInt64(1), 2]) func mixedEdits(_ seed: UInt64) {
        var fuzzer = Fuzzer(
            seed: seed, shape: .fixed(insns: 4_000, edits: 1_500, passes: 2), patchers: LongPassTests.patchers)
        for index in UInt64(0)..<8 {
            let isRight = fuzzer.run(index: index)
            #expect(isRight, "seed \(seed), case \(index): \(LongPassTests.words(fuzzer.findings))")
            if !isRight { return }
        }
    }

    /// The share of edits in a long pass that differ in form from their neighbours, in 256ths.
    struct Mix: CustomTestStringConvertible {
        var gaps: Int
        var others: Int
        var patchJumps: Int
        var testDescription: String { "gaps \(gaps), others \(others), patch jumps \(patchJumps) of 256" }
    }

    /// Nearly every slot is replaced by a patch that keeps it, in two passes.
    @Test(arguments: [
        Mix(gaps: 0, others: 0, patchJumps: 0), Mix(gaps: 0, others: 0, patchJumps: 64),
        Mix(gaps: 32, others: 0, patchJumps: 16), Mix(gaps: 1, others: 1, patchJumps: 16),
        Mix(gaps: 16, others: 64, patchJumps: 32),
    ]) func keptSlots(_ mix: Mix) {
        for seed in UInt64(1)...3 {
            var draws = Draws(seed: seed, index: 0)
            var comparison = PatcherComparison(LongPassTests.patchers)
            let program = ProgramBuffer()
            program.load(LongPassTests.makeProgram(&draws))
            comparison.begin(program.image())
            for number in 0..<2 {
                let pass = PassBuffer()
                LongPassTests.fill(pass, for: comparison.program, mix, &draws)
                let status = comparison.run(pass.image, isLast: number == 1)
                #expect(comparison.findings.isEmpty, "seed \(seed): \(LongPassTests.words(comparison.findings))")
                #expect(status == .accepted, "seed \(seed), pass \(number)")
                if status != .accepted { break }
            }
        }
    }

    private static func words(_ findings: [Finding]) -> String {
        findings.map { "\($0.bucket): \($0.detail)" }.joined(separator: "; ")
    }

    /// Two subprograms with jumps short enough to fit 16 bits after both passes.
    private static func makeProgram(_ draws: inout Draws) -> Program {
        let half = 1_500
        var program = Program(insns: [], aux: [], subprograms: [])
        for start in [0, half] { program.subprograms.append(Subprogram(start: UInt32(start), id: UInt32(7 + start))) }
        for slot in 0..<2 * half {
            let home = slot < half ? 0 : half
            var insn = Instruction(code: Opcode.movImmediate64, imm: Int32(slot))
            switch draws.below(8) {
            case 0:
                let low = max(home, slot - 400)
                let target = low + draws.below(min(home + half, slot + 400) - low)
                insn = Instruction(code: 0x55, dst: 1, off: Int16(target - slot - 1), imm: Int32(slot))
            case 1 where draws.below(8) == 0:
                let target = draws.below(2) * half
                insn = Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: Int32(target - slot - 1))
            default: break
            }
            program.insns.append(insn)
            program.aux.append(UInt32(1_000 + slot))
            if slot % 5 == 0 { program.lines.append(LineRecord(insnOff: UInt32(slot), id: UInt32(slot))) }
        }
        return program
    }

    /// Edits nearly every slot except the last of each subprogram, so that a slot follows every edit.
    private static func fill(
        _ pass: PassBuffer, for input: ProgramImage<InputIndex>, _ mix: Mix, _ draws: inout Draws
    ) {
        pass.removeAll()
        for number in 0..<input.subprogramCount {
            let start = unsafe Int(input.subprograms[TableIndex(number)].start)
            for slot in start..<input.end(of: TableIndex(number)) - 1 where draws.below(256) >= mix.gaps {
                let off = InputIndex(slot)
                if draws.below(256) < mix.others {
                    addOther(pass, at: off, start: start, &draws)
                } else {
                    pass.addEdit(off: off, remove: 1)
                    let count = 1 + draws.below(draws.below(16) == 0 ? 9 : 4)
                    let keep = draws.below(count)
                    addPatch(pass, count: count, keep: keep, mix, &draws)
                    pass.updateLast { $0.keep = UInt32(keep) }
                }
            }
        }
    }

    private static func addPatch(
        _ pass: PassBuffer, count: Int, keep: Int, _ mix: Mix, _ draws: inout Draws
    ) {
        for slot in 0..<count {
            var insn = Instruction(code: Opcode.movImmediate64, dst: 2, imm: Int32(slot))
            if slot == keep {
                // A placeholder may look like a jump.
                insn = Instruction(code: draws.below(2) == 0 ? 0 : 0x55, off: 77)
            } else if draws.below(256) < mix.patchJumps {
                insn = Instruction(code: 0x05, off: Int16(draws.below(count + 1) - slot - 1))
            }
            _ = pass.addPatch(insn)
        }
    }

    /// A deletion, an insertion that jumps skip or not, a replacement without the old instruction, or a jump by ref.
    private static func addOther(_ pass: PassBuffer, at off: InputIndex, start: Int, _ draws: inout Draws) {
        let mov = Instruction(code: Opcode.movImmediate64, dst: 3, imm: 9)
        switch draws.below(5) {
        case 0: pass.addEdit(off: off, remove: 1)
        case 1, 2:
            pass.addEdit(off: off, remove: 0, skip: draws.below(2) == 0)
            for _ in 0...draws.below(3) { _ = pass.addPatch(mov) }
        case 3:
            pass.addEdit(off: off, remove: 1)
            for _ in 0...draws.below(3) { _ = pass.addPatch(mov) }
        default:
            pass.addEdit(off: off, remove: 1)
            _ = pass.addPatch(mov)
            let from = pass.addPatch(Instruction(code: 0x05, off: 3))
            _ = pass.addPatch(.zero)
            let near = max(start, off.position - draws.below(100))
            pass.addRef(Ref(from: from, to: InputIndex(near)))
            pass.updateLast { $0.keep = 2 }
        }
    }
}
