/// A few instructions that belong together, among them at most one main instruction that the kernel rewrites.
///
/// A fragment needs and keeps the registers that ``ProgramDraft`` promises at borders. So fragments may follow each
/// other in any order, and a jump may land before each of them.
enum Fragment: UInt8, CaseIterable {
    // In every program.
    case mark, change, wideLoad, atomic
    case condition, conditionOnMemory, goto, earlyExit
    case longGoto
    // Removed by the kernel.
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
    case mapChange, mapQueue, percpuLookup, redirect
    case currentTask, socketStorage, taskStorage, cgroupStorage
    case tailCall
    // Kernel functions.
    case kernelContext, readOnlyCast, newObject, exception
    case listInsert, treeInsert, workQueue, packetPointer
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

    /// The set of one fragment.
    init(_ fragment: Fragment) { rawValue = 1 << UInt64(fragment.rawValue) }

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ fragments: [Fragment]) {
        rawValue = 0
        for fragment in fragments { insert(FragmentSet(fragment)) }
    }

    /// The number of fragments.
    var count: Int { rawValue.nonzeroBitCount }

    @inline(__always)
    func has(_ fragment: Fragment) -> Bool { rawValue >> UInt64(fragment.rawValue) & 1 != 0 }

    /// The fragment with a number, in the order of the cases.
    ///
    /// - Complexity: O(fragments)
    @inline(__always)
    func member(_ number: Int) -> Fragment {
        var left = rawValue
        for _ in 0..<number { left &= left &- 1 }
        return Fragment(rawValue: UInt8(truncatingIfNeeded: left.trailingZeroBitCount)) ?? .mark
    }

    /// The fragments in programs of every profile.
    static let base = FragmentSet([
        .mark, .change, .wideLoad, .atomic, .condition, .conditionOnMemory, .goto, .earlyExit,
    ])
    /// Those that need the context in `r6`.
    static let ofContext = FragmentSet([
        .contextLoad, .contextStore, .packetRead, .packetWrite, .loadAbsolute, .loadIndirect, .tailCall, .kernelContext,
        .functionArgument, .argumentLoad, .socketStorage, .packetPointer,
    ])
    /// Those that may leave the program, which no callback may.
    static let leaving = FragmentSet([.tailCall, .exception, .loadAbsolute, .loadIndirect])
    /// Those that use the stack, or make the kernel use it.
    static let ofStack = FragmentSet([
        .mapLookup, .jumpIntoCall, .outerMapLookup, .fastcall, .mayGoto, .mayGotoLoop, .loop, .functionArgument,
        .pointerSpill, .kptrExchange, .mapChange, .percpuLookup, .listInsert, .treeInsert, .cgroupStorage,
        .packetPointer,
    ])
    /// Those that have neither a jump nor an exit, nor a call of a subprogram.
    static let straight = FragmentSet([
        .mark, .change, .wideLoad, .atomic, .lowerHalf, .compareExchange, .contextLoad, .contextStore, .divide,
        .signedDivide, .signedByMinusOne, .jiffies, .processorID, .fastcall, .loadAbsolute, .loadIndirect,
    ])
    /// Those that take few slots, for far programs.
    static let cheap = FragmentSet([
        .divide, .signedDivide, .signedByMinusOne, .mapLookup, .contextLoad, .mayGoto, .jiffies, .processorID, .nop,
        .deadRun, .loadAbsolute, .compareExchange, .fastcall,
    ])
    /// Those whose path or result depends on time, processors, addresses, maps or chance.
    static let unsteady = FragmentSet([
        .contextStore, .packetWrite, .tailCall, .exception, .kptrExchange, .newObject, .timerCallback, .elementCallback,
        .functionArgument, .branchSnapshot, .argumentLoad, .percpuPointer, .mapChange, .mapQueue, .percpuLookup,
        .redirect, .currentTask, .socketStorage, .taskStorage, .cgroupStorage, .listInsert, .treeInsert, .workQueue,
        .packetPointer,
    ])
    /// Those that a program without `CAP_PERFMON` may not have.
    static let trusted = FragmentSet([
        .condition, .kernelContext, .readOnlyCast, .newObject, .exception, .functionArgument, .branchSnapshot,
        .argumentLoad, .kptrExchange, .percpuPointer, .fastcall, .earlyExit, .tailCall, .timerCallback,
        .elementCallback, .redirect, .currentTask, .socketStorage, .taskStorage, .cgroupStorage, .listInsert,
        .treeInsert, .workQueue, .packetPointer,
    ])
}
