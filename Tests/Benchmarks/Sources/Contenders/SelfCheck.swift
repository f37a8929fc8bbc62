import BPF
import Fuzzing
import Patching

/// Holds a patcher of this package against the fastest design, byte by byte: a benchmark of a wrong result is worthless.
public struct SelfCheck: ~Copyable {
    private let patcher: any Patcher
    private let reference = RangeReplace()
    private let output = ProgramBuffer()
    private let expected = ProgramBuffer()
    /// How many passes have been carried out.
    public private(set) var passes = 0
    /// How many of them were accepted.
    public private(set) var accepted = 0

    public init(_ patcher: any Patcher) { self.patcher = patcher }

    /// Carries out a well-formed pass with both; says whether they agree.
    public mutating func agrees(on pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        let status = reference.apply(pass, to: input, into: expected)
        passes += 1
        if patcher.apply(pass, to: input, into: output) != status { return false }
        if status != .accepted { return true }
        accepted += 1
        return output.image(as: OutputIndex.self).isIdentical(to: expected.image(as: OutputIndex.self))
    }

    /// Runs random cases; gives the index of the first where the two differ, or `nil`.
    public mutating func difference(_ shape: CaseShape, seed: UInt64, count: UInt64) -> UInt64? {
        var generator = CaseGenerator(seed: seed, shape: shape)
        let current = ProgramBuffer()
        for index in 0..<count {
            current.load(generator.begin(index: index))
            for _ in 0..<generator.passCount {
                let input: ProgramImage<InputIndex> = current.image()
                let pass = generator.nextPass(for: input)
                if PassCheck.fault(in: pass, on: input) != nil { break }
                if !agrees(on: pass, input) { return index }
                if expected.insnCount == 0 || reference.apply(pass, to: input, into: expected) != .accepted { break }
                current.load(expected.image(as: InputIndex.self))
            }
        }
        return nil
    }
}
