import BPF
import Fuzzing
import Patching
import Testing

/// Long passes, for which some designs have loops of their own.
@Suite("Dense patches")
struct DensePatchesTests {
    @Test("every design agrees with the rules, whatever the distance and length", arguments: 1...4)
    func designsAgree(length: Int) {
        let program = ProgramBuffer()
        let pass = PassBuffer()
        for insns in [1, 63, 64, 65, 127, 500, 4095, 4096, 4097, 9000] {
            // The quadratic design would take most of the time.
            let designs = BuiltInPatchers.allCases.filter { $0 != .kernelArray || insns <= 500 }
            var trial = Trial(designs.map { $0.make() })
            for every in [1, 2, 8] {
                DensePatches(insns: insns, every: every, length: length).make(program, pass)
                trial.begin(program.image())
                #expect(trial.run(pass.image, isLast: true) == .accepted, "\(insns) insns, every \(every)")
                #expect(trial.findings.isEmpty, "\(insns) insns, every \(every): \(trial.findings)")
                #expect(trial.program.insnCount == insns + (insns + every - 1) / every * (length - 1))
            }
        }
    }

    @Test("long passes of mixed edits around runs of dense ones", arguments: 0..<40 as Range<UInt64>)
    func runsAreBroken(seed: UInt64) {
        var trial = Trial(BuiltInPatchers.allCases.map { $0.make() })
        var entropy = Entropy(seed: 7, index: seed)
        let program = ProgramBuffer()
        let dense = PassBuffer()
        let pass = PassBuffer()
        DensePatches(insns: 400, length: 3).make(program, dense)
        var edits: [Edit] = []
        // Every so often an edit is left out, made a deletion, an insertion or one that keeps another slot, or brings a jump.
        for edit in Pass(dense.image).edits {
            var changed = edit
            switch entropy.below(24) {
            case 0: continue
            case 1: changed = Edit(off: edit.off, remove: 1)
            case 2: changed = Edit(off: edit.off, remove: 0, patch: [Instruction(code: Opcode.movImmediate64, imm: 7)])
            case 3: changed.keep = PatchIndex(2)
            case 4: changed.patch[1] = Instruction(code: Opcode.ja, off: 1)
            case 5: changed.patch[2] = Instruction(code: Opcode.ja, off: -1)
            case 6:
                changed.patch[1] = Instruction(code: Opcode.ja)
                changed.refs = [Ref(from: PatchIndex(1), to: InputIndex(entropy.below(400)))]
            default: break
            }
            edits.append(changed)
        }
        pass.load(Pass(edits: edits))
        trial.begin(program.image())
        let status = trial.run(pass.image, isLast: true)
        #expect(trial.findings.isEmpty, "seed \(seed): \(trial.findings)")
        #expect(status != .erange)
    }
}
