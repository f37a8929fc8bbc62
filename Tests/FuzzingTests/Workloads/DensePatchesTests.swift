import BPF
import Fuzzing
import Patching
import Testing

/// Long passes with patches at equal distances, for which some designs have a special loop.
@Suite("Dense patches")
struct DensePatchesTests {
    @Test("every design agrees with the rules for every distance and length", arguments: 1...4)
    func designsAgree(length: Int) {
        let program = ProgramBuffer()
        let pass = PassBuffer()
        for insns in [1, 63, 64, 65, 127, 500, 4095, 4096, 4097, 9000] {
            // The quadratic design would take most of the time.
            let designs = BuiltInPatchers.allCases.filter { $0 != .kernelArray || insns <= 500 }
            var comparison = PatcherComparison(designs.map { $0.make() })
            for every in [1, 2, 8] {
                DensePatches(insns: insns, every: every, length: length).make(program, pass)
                comparison.begin(program.image())
                #expect(comparison.run(pass.image, isLast: true) == .accepted, "\(insns) insns, every \(every)")
                #expect(comparison.findings.isEmpty, "\(insns) insns, every \(every): \(comparison.findings)")
                #expect(comparison.program.insnCount == insns + (insns + every - 1) / every * (length - 1))
            }
        }
    }
}
