/// The size of the cases of a campaign.
package enum CaseShape: Sendable, Hashable {
    /// The default mix: mostly small, some with hundreds of edits, some at the 16-bit limit, and rarely with indices that
    /// do not fit 8, 10 or 16 bits.
    case mixed
    /// Only the rare sizes whose indices do not fit 8, 10 or 16 bits, to look at them.
    case large
    /// One size, for measurements: the numbers of instructions, of edits in a pass, and of passes, all accepted.
    case fixed(insns: Int, edits: Int, passes: Int)
}
