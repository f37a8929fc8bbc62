import BPF
import KernelModel

/// What a subprogram is called as.
enum FunctionKind: UInt8 {
    /// The program itself.
    case entry
    /// Called with the context in `r1`.
    case contextual
    /// Called with nothing.
    case plain
    /// The callback of `bpf_loop`.
    case loopCallback
    /// The callback of `bpf_for_each_map_elem`.
    case elementCallback
    /// The callback of a timer.
    case timerCallback

    var isCallback: Bool { self != .entry && self != .contextual && self != .plain }
}

/// One function of a program before it is written.
struct FunctionPlan {
    var kind: FunctionKind
    /// The function that must call it; the entry is its own.
    var parent = 0
    /// How many calls lead to it from the entry; a function calls only those that are deeper.
    var depth = 0
    /// About how long it shall be.
    ///
    /// - Units: slots
    var slots: Int
    /// Whether its parent calls it from where no path leads.
    var isDead = false
    /// The first function that it must call, and the next that its parent must call; 0 for none.
    var firstChild = 0
    var nextSibling = 0
    /// About how many instructions the verifier sees for one call of it.
    var cost = 0
}

/// The instructions that have a line record.
enum LineChoice: CaseIterable {
    /// None of them.
    case none
    /// The first of each function.
    case starts
    /// Some, by chance.
    case drawn
    /// All of them.
    case all
}

/// What a program shall be, all decided before the first instruction.
struct ProgramPlan {
    var traits: TypeTraits
    var flags: LoadFlags = []
    var privilege = LoadPrivilege.all
    var fragments: FragmentSet
    var isRunnable = false
    var isFar = false
    var hasDeadCode: Bool
    var hasNops: Bool
    var hasMayGoto: Bool
    /// Whether `may_goto` may jump by nothing.
    var hasMayGotoNop: Bool
    /// Whether jumps may close circles, be it from dead code.
    var hasCycles: Bool
    var lines: LineChoice
    /// Whether numbers may be stored to the context at once.
    var storesNumbersToContext: Bool
    /// Whether any address may be cast to one of no type.
    var castsAddresses: Bool
    /// Whether objects can be counted.
    var countsReferences: Bool
    /// In the order in which they will stand; the first is the entry.
    var functions: [FunctionPlan]
}
