import BPF
import Fuzzing
import Patching

/// Runs patchers on a size and takes the time.
protocol ScaleMeter {
    /// What the patchers are called; they are numbered in this order.
    var patchers: [String] { get }

    /// Makes the program and the pass of a size.
    func prepare(patches: Int)

    /// Carries the pass out with a patcher and gives the time of that.
    ///
    /// - Units: seconds
    func run(_ patcher: Int) -> Double

    /// Whether the last result is what the rules give.
    func isRight() -> Bool

    /// Copies the result that the rules give: instructions, aux words and the one subprogram.
    ///
    /// - Units: seconds
    func copy() -> Double
}

/// The meter that measures: one patch an instruction, 1 → 2, every eighth instruction a jump.
///
/// It takes the processor time of its thread.
final class DensePatchesMeter: ScaleMeter {
    private let designs: [any Patcher]
    private let program = ProgramBuffer()
    private let pass = PassBuffer()
    private let output = ProgramBuffer()
    private let duplicate = ProgramBuffer()
    private var expectation = Expectation()
    private var status = PatchStatus.accepted
    /// The patcher that ran last.
    private var asked = 0

    init(_ designs: [any Patcher]) { self.designs = designs }

    var patchers: [String] { designs.map(\.name) }

    func prepare(patches: Int) {
        DensePatches(insns: patches).make(program, pass)
        expectation.compute(pass.image, on: program.image())
        precondition(expectation.status == .accepted, "the rules refuse the dense pass")
    }

    func run(_ patcher: Int) -> Double {
        asked = patcher
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
        output.complete(designs[asked].capabilities, from: expected)
        return output.image(as: OutputIndex.self).isIdentical(to: expected)
    }

    func copy() -> Double {
        let start = ThreadClock.now
        duplicate.load(expectation.program.image(as: OutputIndex.self))
        return elapsed(since: start)
    }

    /// The time from `start` on in whole nanoseconds, which is what the clock counts in, and never none at all.
    private func elapsed(since start: Double) -> Double { rounded(ThreadClock.now - start) }

    private func rounded(_ seconds: Double) -> Double { max((seconds * 1e9).rounded(), 1) / 1e9 }
}
