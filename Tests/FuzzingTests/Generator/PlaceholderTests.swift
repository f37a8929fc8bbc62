import BPF
import Fuzzing
import Patching
import Testing

/// Placeholders are random in generated passes, so that a patcher that reads them is found.
struct PlaceholderTests {
    /// `delta-array`, except if a placeholder is not 0.
    private final class Reader: Patcher {
        let name = "reader"
        private let right = DeltaArray()
        private let looksAtKept: Bool

        init(looksAtKept: Bool) { self.looksAtKept = looksAtKept }

        func apply(
            _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
        ) -> PatchStatus {
            for number in 0..<pass.editCount {
                let edit = pass.edit(number)
                let patch = pass.patch(of: edit)
                for slot in 0..<Int(edit.patchCount) {
                    let index = PatchIndex(slot)
                    if looksAtKept {
                        if unsafe edit.keeps(index) && patch[index] != .zero { return .erange }
                    } else if !edit.keeps(index), pass.target(of: index, in: edit) != nil,
                        unsafe patch[index].jumpOffset(patch[index].jumpKind) != 0
                    {
                        return .erange
                    }
                }
            }
            return right.apply(pass, to: input, into: output)
        }
    }

    @Test(arguments: [true, false]) func readerOfPlaceholdersIsFound(_ looksAtKept: Bool) {
        let seed: UInt64 = 1
        var fuzzer = Fuzzer(seed: seed, patchers: [Reader(looksAtKept: looksAtKept)])
        let found = (0..<UInt64(500)).first { !fuzzer.run(index: $0) }
        #expect(found != nil, "seed \(seed): nothing in 500 cases")
    }
}
