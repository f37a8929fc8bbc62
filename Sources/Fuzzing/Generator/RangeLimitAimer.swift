import BPF
import Patching

/// Extends edits so that the longest jump of a far program ends within some slots of the 16-bit limit, on either side.
///
/// Half of these passes overflow and half just fit: the last edit that the jump crosses is extended by the missing
/// slots.
struct RangeLimitAimer {
    /// The most slots by which an edit is extended.
    private static let longest = 160

    /// Edits that start at `low` or later and before `high` extend the jump.
    private let low: Int
    private let high: Int
    /// The slots by which these edits must still grow.
    private var missing: Int

    /// Chooses the jump; `nil` if none is near the limit.
    ///
    /// - Complexity: O(jumps)
    init?(_ input: ProgramImage<InputIndex>, _ jumpTargets: borrowing JumpTargetCounts, _ draws: inout Draws) {
        var least = RangeLimitAimer.longest
        var nearest: (slot: Int, target: Int)?
        for number in 0..<jumpTargets.jumpCount {
            let slot = unsafe jumpTargets.jumps[TableIndex(number)]
            let insn = unsafe input.insns[slot]
            if insn.jumpKind != .short { continue }
            let off = Int(insn.off)
            let slack = off >= 0 ? Int(Int16.max) - off : off - Int(Int16.min)
            if slack < least {
                least = slack
                nearest = (slot.position, slot.position + 1 + off)
            }
        }
        guard let nearest else { return nil }
        let isForward = nearest.target > nearest.slot
        low = isForward ? nearest.slot + 1 : nearest.target
        high = isForward ? nearest.target : nearest.slot + 1
        // By up to three slots beyond the limit or short of it.
        let distance = draws.below(4)
        missing = draws.chance(1, of: 2) ? least + 1 + distance : max(least - distance, 0)
    }

    /// Counts the last edit of a buffer, and extends it if it is the last that the jump crosses.
    mutating func note(_ buffer: PassBuffer, isLast: Bool, nextAnchor: Int, _ maker: inout SlotMaker) {
        let edit = buffer.image.edit(buffer.editCount - 1)
        if edit.off.position < low || edit.off.position >= high { return }
        missing -= edit.growth
        if !isLast && nextAnchor < high { return }
        if missing <= 0 || missing > RangeLimitAimer.longest || edit.isDeletion { return }
        for _ in 0..<missing { buffer.addPatch(maker.makePlain()) }
        missing = 0
    }
}
