/// What is known of a finding beside its bucket, for its sentence; never a number.
enum FindingFact: Hashable {
    /// Where a jump lands.
    case landing(Landing)
    /// Why the pass must be refused.
    case refusal(Expectation.Refusal)
    /// The result has too few slots, or too many.
    case tooShort, tooLong
    /// A word is 0, or a record has another id.
    case lost, otherID
    /// The jump leads to code that was removed.
    case removedTarget

    /// What a sentence says of a jump that has kept its offset.
    static let unchangedOffset = ", with its offset unchanged"

    /// Where a jump lands in the place of where it must.
    struct Landing: Hashable {
        /// What the edit in the bucket is to the jump.
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
        /// True if the jump has the offset that it had in the input.
        var isUnchanged = false
    }

    /// A place in the words of a sentence.
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

        /// The place of a landing relative to the one expected, and to the patch that must be reached.
        ///
        /// - Parameter patch: the slots of that patch in the expected result, or `nil` where no patch must be reached
        init(_ found: Int, expected: Int, patch: Range<Int>?) {
            // What must be reached may be what follows the patch.
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
