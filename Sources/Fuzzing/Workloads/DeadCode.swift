import BPF
import Patching

/// Deletes what control flow never reaches, whole subprograms too: each run of such slots by one deletion.
///
/// The verifier finds more, because it knows of comparisons that never hold.
///
/// - Source: `opt_remove_dead_code`, Linux 6.12
enum DeadCode {
    /// Writes the pass.
    ///
    /// A run that is left out stands with all that it reaches, or its jumps would have nowhere to go.
    ///
    /// - Complexity: O(slots × log subprograms)
    static func write(_ draft: inout WorkloadDraft, _ reach: inout Reach) {
        let input = draft.input
        reach.load(input)
        var slot = 0
        while let run = nextRun(from: slot, input, reach) {
            if !draft.choice.takesNext() {
                for other in run where !input.isSecondSlot(InputIndex(other)) { reach.reach(InputIndex(other), input) }
            }
            slot = run.upperBound
        }
        slot = 0
        while let run = nextRun(from: slot, input, reach) {
            draft.delete(InputIndex(run.lowerBound), count: run.count)
            slot = run.upperBound
        }
    }

    /// The next slots in a row that nothing reaches, or `nil`.
    @inline(__always)
    private static func nextRun(
        from start: Int, _ input: ProgramImage<InputIndex>, _ reach: borrowing Reach
    ) -> Range<Int>? {
        var low = start
        while low < input.insnCount && reach.isReached(InputIndex(low)) { low += 1 }
        if low == input.insnCount { return nil }
        var high = low + 1
        while high < input.insnCount && !reach.isReached(InputIndex(high)) { high += 1 }
        return low..<high
    }
}
