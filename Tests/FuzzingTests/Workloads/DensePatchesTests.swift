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
            var trial = PatcherComparison(designs.map { $0.make() })
            for every in [1, 2, 8] {
                DensePatches(insns: insns, every: every, length: length).make(program, pass)
                trial.begin(program.image())
                #expect(trial.run(pass.image, isLast: true) == .accepted, "\(insns) insns, every \(every)")
                #expect(trial.findings.isEmpty, "\(insns) insns, every \(every): \(trial.findings)")
                #expect(trial.program.insnCount == insns + (insns + every - 1) / every * (length - 1))
            }
        }
    }
}
