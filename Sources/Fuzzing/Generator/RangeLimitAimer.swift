import BPF
import Patching

/// Brings the jump of a far program that is closest to its limit to within some slots of it, on either side.
///
/// Half of the passes that it aims overflow and half just fit: the last edit that the jump crosses is made longer until
/// the edits have grown by what is wanted.
struct RangeLimitAimer {
    /// The most slots that an edit is made longer by.
    private static let longest = 160

    /// Edits that start from `low` up to, and without, `high` push the jump and its target apart.
    private let low: Int
    private let high: Int
    /// How much these edits must still grow.
    private var missing: Int

    /// Chooses the jump; `nil` when none is near the limit.
    ///
    /// - Complexity: O(jumps)
    init?(_ input: ProgramImage<InputIndex>, _ ledger: borrowing JumpTargetCounts, _ draws: inout Draws) {
        var least = RangeLimitAimer.longest
        var nearest: (slot: Int, target: Int)?
        for number in 0..<ledger.jumpCount {
            let slot = unsafe ledger.jumps[TableIndex(number)]
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

    /// Takes the last edit of a buffer into account and makes it longer when it is the last that the jump crosses.
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
