import BPF
import Fuzzing
import Patching

/// Runs patchers on one size and measures the time.
protocol ScaleMeter {
    /// The names of the patchers, numbered in this order.
    var patchers: [String] { get }

    /// Generates the program and the pass of a size.
    func prepare(patches: Int)

    /// Applies the pass with a patcher and returns the time.
    ///
    /// - Units: seconds
    func run(_ patcher: Int) -> Double

    /// Returns true if the last result is the oracle's.
    func isRight() -> Bool

    /// Copies the correct result, instructions, aux words and the one subprogram, and returns the time.
    ///
    /// - Units: seconds
    func copy() -> Double
}

/// Measures dense patches: one patch an instruction, 1 → 2, every eighth instruction a jump.
///
/// The clock is the CPU time of the thread.
final class DensePatchesMeter: ScaleMeter {
    private let designs: [any Patcher]
    private let program = ProgramBuffer()
    private let pass = PassBuffer()
    private let output = ProgramBuffer()
    private let duplicate = ProgramBuffer()
    private var expectation = Expectation()
    private var status = PatchStatus.accepted
    /// The patcher of the last result.
    private var lastPatcher = 0

    init(_ designs: [any Patcher]) { self.designs = designs }

    var patchers: [String] { designs.map(\.name) }

    func prepare(patches: Int) {
        DensePatches(insns: patches).make(program, pass)
        expectation.compute(pass.image, on: program.image())
        precondition(expectation.status == .accepted, "the rules refuse the dense pass")
    }

    func run(_ patcher: Int) -> Double {
        lastPatcher = patcher
        if let foreign = designs[patcher] as? any ForeignPatcher {
            let (status, seconds) = foreign.apply(pass.image, to: program.image(), into: output) { ThreadClock.now }
            self.status = status
            return rounded(seconds)
        }
        let start = ThreadClock.now
        status = designs[patcher].apply(pass.image, to: program.image(), into: output)
        return elapsed(since: start)
    }

    func isRight() -> Bool {
        if status != .accepted { return false }
        let expected = expectation.program.image(as: OutputIndex.self)
        output.complete(designs[lastPatcher].capabilities, from: expected)
        return output.image(as: OutputIndex.self).isIdentical(to: expected)
    }

    func copy() -> Double {
        let start = ThreadClock.now
        duplicate.load(expectation.program.image(as: OutputIndex.self))
        return elapsed(since: start)
    }

    /// The time since `start` in whole nanoseconds, the clock's unit; at least one.
    private func elapsed(since start: Double) -> Double { rounded(ThreadClock.now - start) }

    private func rounded(_ seconds: Double) -> Double { max((seconds * 1e9).rounded(), 1) / 1e9 }
}
