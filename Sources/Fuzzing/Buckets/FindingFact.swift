/// A fact about a finding beside its bucket, for its sentence; never a number.
enum FindingFact: Hashable {
    /// The landing of a jump.
    case landing(Landing)
    /// The reason for which the pass must be refused.
    case refusal(Expectation.Refusal)
    /// The result has too few slots, or too many.
    case tooShort, tooLong
    /// A word is 0, or a record has another id.
    case lost, otherID
    /// The target of the jump was removed.
    case removedTarget

    /// The words for a jump that kept its offset.
    static let unchangedOffset = ", with its offset unchanged"

    /// A wrong landing of a jump.
    struct Landing: Hashable {
        /// The relation of the edit in the bucket to the jump.
        enum Relation: Hashable {
            case target, crossed, own

            var preposition: String {
                switch self {
                case .target: "to"
                case .crossed: "across"
                case .own: "for"
                }
            }
        }

        var relation: Relation
        var site: Site
        /// True if the jump kept its offset of the input.
        var isUnchanged = false
    }

    /// A place, in the words of a sentence.
    enum Site: String, Hashable, CaseIterable {
        case outside = "outside the program"
        case secondSlot = "in the middle of a wide load"
        case before = "before the patch"
        case first = "on the first instruction of the patch"
        case afterFirst = "after the first instruction of the patch"
        case middle = "in the middle of the patch"
        case last = "on the last instruction of the patch"
        case after = "after the patch"
        case past = "past the end of the patch"
        case oneEarly = "one instruction too early"
        case early = "too early"
        case oneLate = "one instruction too late"
        case late = "too late"

        /// The place of a landing relative to the expected one, and to the patch that the jump must reach.
        ///
        /// - Parameter patch: the slots of that patch in the expected result, or `nil` if the target is not a patch
        init(_ found: Int, expected: Int, patch: Range<Int>?) {
            // The target may be the slot after the patch.
            guard let patch, !patch.isEmpty, expected < patch.upperBound || found < patch.upperBound else {
                let distance = found - expected
                self = distance < 0 ? (distance == -1 ? .oneEarly : .early) : distance == 1 ? .oneLate : .late
                return
            }
            self =
                switch found {
                case ..<patch.lowerBound: .before
                case patch.upperBound: .after
                case patch.upperBound...: .past
                case patch.lowerBound: .first
                case patch.lowerBound + 1 where expected == patch.lowerBound: .afterFirst
                case patch.upperBound - 1: .last
                default: .middle
                }
        }
    }
}
