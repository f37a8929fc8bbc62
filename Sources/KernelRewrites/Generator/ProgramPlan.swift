import BPF
import KernelModel

/// The role of a subprogram.
enum FunctionKind: UInt8 {
    /// The program itself.
    case entry
    /// Called with the context in `r1`.
    case contextual
    /// Called without arguments.
    case plain
    /// The callback of `bpf_loop`.
    case loopCallback
    /// The callback of `bpf_for_each_map_elem`.
    case elementCallback
    /// The callback of a timer.
    case timerCallback
    /// The callback of a work queue.
    case workCallback
    /// The comparison of a red-black tree, which runs under its lock.
    case lessCallback

    var isCallback: Bool { self != .entry && self != .contextual && self != .plain }
}

/// One function of a program before it is written.
struct FunctionPlan {
    var kind: FunctionKind
    /// The function that must call it; 0 for the entry itself.
    var parent = 0
    /// The number of calls from the entry to it; a function calls only deeper ones.
    var depth = 0
    /// Its approximate length.
    ///
    /// - Units: slots
    var slots: Int
    /// True if its parent calls it from dead code.
    var isDead = false
    /// The first function that it must call, and the next that its parent must call; 0 for none.
    var firstChild = 0
    var nextSibling = 0
    /// The approximate number of instructions that the verifier sees for one call of it.
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

/// The properties of a program, all decided before the first instruction.
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
    /// True if `may_goto +0` is allowed.
    var hasMayGotoNop: Bool
    /// True if jumps may close cycles, even from dead code.
    var hasCycles: Bool
    var lines: LineChoice
    /// True if constants may be stored to the context.
    var storesNumbersToContext: Bool
    /// True if loads may extend the sign.
    var extendsSigns: Bool
    /// True if any address may be cast to one without a type.
    var castsAddresses: Bool
    /// True if objects can be counted.
    var countsReferences: Bool
    /// True if there are per-CPU objects.
    var hasPercpuObjects: Bool
    /// True if the kernel has types of its own, such as that of the current task.
    var hasKernelTypes: Bool
    /// In the order in which they are written; the first is the entry.
    var functions: [FunctionPlan]
}
