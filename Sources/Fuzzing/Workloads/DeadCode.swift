import BPF
import Patching

/// Deletes unreachable code, including whole subprograms: each run of slots by one deletion.
///
/// The verifier finds more, since it knows comparisons that never hold.
///
/// - Source: `opt_remove_dead_code`, Linux 6.12
enum DeadCode {
    /// Writes the pass.
    ///
    /// A run that is not chosen stays with all code that it reaches, so that its jumps have targets.
    ///
    /// - Complexity: O(slots × log subprograms)
    static func write(_ draft: inout WorkloadDraft, _ reach: inout Reachability) {
        choose(&draft, &reach)
        var slot = 0
        while let run = nextRun(from: slot, draft.input, reach) {
            draft.delete(InputIndex(run.lowerBound), count: run.count)
            slot = run.upperBound
        }
    }

    /// Finds the unreachable code, without the runs that are not chosen and all that they reach.
    ///
    /// - Complexity: O(slots × log subprograms)
    static func choose(_ draft: inout WorkloadDraft, _ reach: inout Reachability) {
        let input = draft.input
        reach.load(input)
        var slot = 0
        while let run = nextRun(from: slot, input, reach) {
            if !draft.choice.takesNext() {
                for other in run where !input.isSecondSlot(InputIndex(other)) { reach.reach(InputIndex(other), input) }
            }
            slot = run.upperBound
        }
    }

    /// The next run of unreachable slots, or `nil`.
    @inline(__always)
    private static func nextRun(
        from start: Int, _ input: ProgramImage<InputIndex>, _ reach: borrowing Reachability
    ) -> Range<Int>? {
        var low = start
        while low < input.insnCount && reach.isReached(InputIndex(low)) { low += 1 }
        if low == input.insnCount { return nil }
        var high = low + 1
        while high < input.insnCount && !reach.isReached(InputIndex(high)) { high += 1 }
        return low..<high
    }
}
