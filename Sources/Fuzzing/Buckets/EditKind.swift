/// The kind of an edit in the name of a bucket. In kernel buckets, the kind of a rewrite by the running kernel.
package enum EditKind: String, Hashable, Sendable, CaseIterable {
    case patch, replace, keep, insert
    case insertSkip = "insert-skip"
    case append, delete, none
    case blinding, missing, left
    case testFlag = "rnd-hi32"
    case unpredicted

    /// The kinds of edits of a pass.
    static let ofPasses: [EditKind] = [.patch, .replace, .keep, .insert, .insertSkip, .append, .delete, .none]

    /// The edit in a sentence, with an article.
    var phrase: String {
        switch self {
        case .patch: "a patched instruction"
        case .replace: "a replaced range"
        case .keep: "a patch that keeps its instruction"
        case .insert: "an insertion"
        case .insertSkip: "an insertion that jumps skip"
        case .append: "appended code"
        case .delete: "a deleted range"
        case .none: "no edit"
        case .blinding: "a blinded instruction"
        case .missing: "a missing instruction"
        case .left: "an instruction that must be removed"
        case .testFlag: "a rewrite for BPF_F_TEST_RND_HI32"
        case .unpredicted: "an edit that no known fault predicts"
        }
    }

    /// The meaning, for the table in the README.
    var meaning: String {
        switch self {
        case .patch: "one instruction replaced"
        case .replace: "a longer range, or half an instruction, replaced"
        case .keep: "a patch around the instruction itself"
        case .insert: "an insertion that jumps to its place enter"
        case .insertSkip: "an insertion that they skip"
        case .append: "an insertion at the end of the program"
        case .delete: "a deletion"
        case .none: "no edit matters, or it is not known which"
        case .blinding: "kernel: constant blinding"
        case .missing: "kernel: a live instruction is gone"
        case .left: "kernel: a dead instruction is still there"
        case .testFlag: "kernel: `BPF_F_TEST_RND_HI32`"
        case .unpredicted: "kernel: like a known fault, but without its exact effect"
        }
    }
}
