/// What was counted of one target, among the counts by name that workers report and checkpoints keep.
struct TargetCounts {
    /// What is counted of a target, with the first word of its name among the counts.
    enum Kind: String, CaseIterable {
        /// Cases in which it was not given a pass that it cannot do.
        case spared
        /// Cases that the target that was run most was run in, and it was not: so most blocks need no count a target.
        case idle
        /// Deaths.
        case hang, memory, crash
        /// Cases that it was not given, since it hangs, crashes or takes memory without an end too often.
        case leftOut = "left-out"
        /// Blocks of which it was given no case for that reason.
        case leftOutBlocks = "left-out-blocks"
    }

    /// The name of how many cases the target that was run most was run in.
    static let ranKey = "ran"
    /// The name of how many cases no target was given, since all were left out.
    static let notRunKey = "not-run"

    private let counts: [String: UInt64]
    private let target: String

    init(_ counts: [String: UInt64], of target: String) {
        self.counts = counts
        self.target = target
    }

    subscript(kind: Kind) -> UInt64 { counts[Self.key(kind, target)] ?? 0 }

    var spared: UInt64 { self[.spared] }
    /// Cases in which it carried out at least one pass.
    var ran: UInt64 { (counts[Self.ranKey] ?? 0) - self[.idle] }
    /// How often it ended a process.
    var deaths: UInt64 { self[.hang] + self[.memory] + self[.crash] }
    /// Whether it never did.
    var isCalm: Bool { deaths == 0 }

    private static func key(_ kind: Kind, _ target: String) -> String { "\(kind.rawValue) \(target)" }

    /// Adds to what is counted of a target; 0 needs no name.
    static func add(_ count: Int, _ kind: Kind, of target: String, to counts: inout [String: UInt64]) {
        if count > 0 { counts[key(kind, target), default: 0] += UInt64(count) }
    }
}
