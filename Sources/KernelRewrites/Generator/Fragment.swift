/// A few instructions that belong together, with at most one that the kernel rewrites for its own sake.
///
/// A fragment needs what ``ProgramDraft`` promises at every border and leaves the same behind, so that fragments stand in any
/// order and a jump may land before each of them.
enum Fragment: UInt8, CaseIterable {
    // What every program has.
    case mark, change, wideLoad, atomic
    case condition, conditionOnMemory, goto, earlyExit
    case longGoto
    // What goes.
    case deadRun, nop
    // Subprograms.
    case extraCall
    case mayGoto, mayGotoLoop
    case loop
    // Registers.
    case fastcall, lowerHalf, compareExchange
    // The context, and packets.
    case contextLoad, contextStore, packetRead, packetWrite, loadAbsolute, loadIndirect
    case divide, signedDivide, signedByMinusOne
    // Maps and helpers.
    case mapLookup, jumpIntoCall, outerMapLookup, jiffies, processorID
    case tailCall
    // Kernel functions.
    case kernelContext, readOnlyCast, newObject, exception
    // Tracing.
    case functionArgument, branchSnapshot, argumentLoad
    case timerCallback, elementCallback
    case kptrExchange, percpuPointer
    // Speculation.
    case boundedPointer, pointerSpill
}

/// A set of fragments.
struct FragmentSet: OptionSet, Hashable, Sendable {
    var rawValue: UInt64

    /// The set of one.
    init(_ fragment: Fragment) { rawValue = 1 << UInt64(fragment.rawValue) }

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ fragments: [Fragment]) {
        rawValue = 0
        for fragment in fragments { insert(FragmentSet(fragment)) }
    }

    /// How many there are.
    var count: Int { rawValue.nonzeroBitCount }

    @inline(__always)
    func has(_ fragment: Fragment) -> Bool { rawValue >> UInt64(fragment.rawValue) & 1 != 0 }

    /// The one with a number, in the order of the cases.
    ///
    /// - Complexity: O(fragments)
    @inline(__always)
    func member(_ number: Int) -> Fragment {
        var left = rawValue
        for _ in 0..<number { left &= left &- 1 }
        return Fragment(rawValue: UInt8(truncatingIfNeeded: left.trailingZeroBitCount)) ?? .mark
    }

    /// What programs of every profile are made of.
    static let base = FragmentSet([
        .mark, .change, .wideLoad, .atomic, .condition, .conditionOnMemory, .goto, .earlyExit,
    ])
    /// Those that need the context in `r6`.
    static let ofContext = FragmentSet([
        .contextLoad, .contextStore, .packetRead, .packetWrite, .loadAbsolute, .loadIndirect, .tailCall, .kernelContext,
        .functionArgument, .argumentLoad,
    ])
    /// Those that may leave the program, which no callback may.
    static let leaving = FragmentSet([.tailCall, .exception, .loadAbsolute, .loadIndirect])
    /// Those that use the stack, or have the kernel use it.
    static let ofStack = FragmentSet([
        .mapLookup, .jumpIntoCall, .outerMapLookup, .fastcall, .mayGoto, .mayGotoLoop, .loop, .functionArgument,
        .pointerSpill, .kptrExchange,
    ])
    /// Those that have neither a jump nor an exit, nor call what has a jump back.
    static let straight = FragmentSet([
        .mark, .change, .wideLoad, .atomic, .lowerHalf, .compareExchange, .contextLoad, .contextStore, .divide,
        .signedDivide, .signedByMinusOne, .jiffies, .processorID, .fastcall, .loadAbsolute, .loadIndirect,
    ])
    /// Those that do not take many slots, in programs where each counts.
    static let cheap = FragmentSet([
        .divide, .signedDivide, .signedByMinusOne, .mapLookup, .contextLoad, .mayGoto, .jiffies, .processorID, .nop,
        .deadRun, .loadAbsolute, .compareExchange, .fastcall,
    ])
    /// Those whose course or outcome hangs on time, processors, addresses or chance.
    static let unsteady = FragmentSet([
        .contextStore, .packetWrite, .tailCall, .exception, .kptrExchange, .newObject, .timerCallback, .elementCallback,
        .functionArgument, .branchSnapshot, .argumentLoad, .percpuPointer,
    ])
    /// Those that a program without `CAP_PERFMON` may not have.
    static let trusted = FragmentSet([
        .condition, .kernelContext, .readOnlyCast, .newObject, .exception, .functionArgument, .branchSnapshot,
        .argumentLoad, .kptrExchange, .percpuPointer, .fastcall, .earlyExit, .tailCall, .timerCallback,
        .elementCallback,
    ])
}
