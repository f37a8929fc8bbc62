import BPF
import KernelModel
import KernelRewrites

/// The slots of a result by the rewrite that made them.
///
/// - Shape: ranges are of the result before blinding
struct RewrittenSlots {
    let program: LoadableProgram
    /// The rewrites that put something into the result, sorted by slot.
    private(set) var patches: [(rewrite: Rewrite, input: Range<Int>, result: Range<Int>)] = []
    /// The removed runs: their slots in the program, and where they were in the result.
    private(set) var removed: [(input: Range<Int>, place: Int)] = []
    /// The number of the patch that a slot belongs to.
    private var owners: [Int: Int] = [:]
    /// The numbers of the patches that start or end at a slot.
    private var starting: [Int: Int] = [:]
    private var ending: [Int: Int] = [:]

    /// - Parameter applied: the rewrites of a report without findings
    init(_ program: LoadableProgram, _ applied: [AppliedRewrite]) {
        self.program = program
        for step in applied {
            let input = Int(step.input.lowerBound)..<Int(step.input.upperBound)
            let result = Int(step.result.lowerBound)..<Int(step.result.upperBound)
            if [.deadCode, .nop].contains(step.rewrite) {
                removed.append((input, result.lowerBound))
            } else if !result.isEmpty && step.rewrite != .hardWired && step.rewrite != .fastcall {
                patches.append((step.rewrite, input, result))
            }
        }
        for (number, patch) in patches.enumerated() {
            for slot in patch.result { owners[slot] = number }
            starting[patch.result.lowerBound] = number
            ending[patch.result.upperBound] = number
        }
    }

    /// The patch that a slot belongs to.
    func patch(at slot: Int) -> (rewrite: Rewrite, input: Range<Int>, result: Range<Int>)? {
        owners[slot].map { patches[$0] }
    }

    /// The number of slots of the patch that starts at a slot, and of the one that ends there.
    func length(from slot: Int) -> Int? { starting[slot].map { patches[$0].result.count } }
    func length(to slot: Int) -> Int? { ending[slot].map { patches[$0].result.count } }

    /// The neighbourhood of a change at a slot that concerns another slot, such as a target.
    func place(_ slot: Int, _ others: Int...) -> Change.Place {
        if let patch = patch(at: slot) { return patch.rewrite == .context ? .inContext : .inPatch }
        let near = [slot - 1, slot + 1] + others.flatMap { [$0 - 1, $0] }
        let rewrites = near.compactMap { patch(at: $0)?.rewrite }
        if rewrites.contains(.context) { return .besideContext }
        return rewrites.isEmpty ? .plain : .besidePatch
    }
}
