import BPF
import Fuzzing
import Patching

/// Compares the patcher in C with a built-in design, byte by byte: the time of a wrong result is meaningless.
package struct SelfCheck: ~Copyable {
    private let patcher = CIndexMapPatcher()
    private let design = RangeReplace()
    private var current = ProgramBuffer()
    private var expected = ProgramBuffer()
    private let output = ProgramBuffer()
    /// The number of passes that both have applied.
    package private(set) var passes = 0

    package init() {}

    /// Runs random cases; returns the index of the first difference, or `nil`.
    package mutating func difference(_ shape: CaseShape, seed: UInt64, count: UInt64) -> UInt64? {
        var generator = CaseGenerator(seed: seed, shape: shape)
        for index in 0..<count {
            current.load(generator.begin(index: index))
            for _ in 0..<generator.passCount {
                let input: ProgramImage<InputIndex> = current.image()
                let pass = generator.nextPass(for: input)
                if PassCheck.fault(in: pass, on: input) != nil { break }
                guard let status = answer(of: pass, input) else { return index }
                if status != .accepted { break }
                swap(&current, &expected)
            }
        }
        return nil
    }

    /// The status of a pass, or `nil` if the two differ.
    private mutating func answer(of pass: PassImage, _ input: ProgramImage<InputIndex>) -> PatchStatus? {
        passes += 1
        let status = design.apply(pass, to: input, into: expected)
        if patcher.apply(pass, to: input, into: output) != status { return nil }
        if status != .accepted { return status }
        return output.image(as: OutputIndex.self).isIdentical(to: expected.image(as: OutputIndex.self)) ? status : nil
    }
}
