import BPF
import Fuzzing
import KernelModel

/// What programs of a type may do, and what their context looks like.
struct TypeTraits: Sendable {
    /// What a program may give back.
    enum Returns: Sendable {
        case anything
        case zeroOrOne
        case zero
    }

    var type: ProgramType
    var attachType: UInt32 = 0
    /// What a program that traces is loaded for.
    var attachTarget: String?
    /// How many loads lead from the first argument of the traced function to an address that may be anything.
    var argumentLoads = 0
    var returns = Returns.anything
    var fields: [ContextField] = []
    /// Where in the context the ends of a packet stand.
    var packet: PacketFields?
    var writesPackets = false
    /// What it has of the fragments that not every type has.
    var fragments: FragmentSet = []
    /// How often the type is taken, against others.
    var weight = 1
    /// Whether `BPF_PROG_TEST_RUN` takes a packet and gives any result.
    var isRunnable = false

    /// Where in a context the ends of a packet stand.
    struct PacketFields: Sendable {
        var start: Int16
        var end: Int16
        var size = MemorySize.word
    }
}

extension TypeTraits {
    /// The fragments that only some types have; the rest is for all.
    static let special = FragmentSet([
        .contextLoad, .contextStore, .packetRead, .packetWrite, .loadAbsolute, .loadIndirect, .tailCall, .kernelContext,
        .newObject, .exception, .functionArgument, .branchSnapshot, .argumentLoad, .timerCallback, .kptrExchange,
        .percpuPointer,
    ])
    private static let access = FragmentSet([.contextLoad, .contextStore])
    private static let packets = FragmentSet([.packetRead, .packetWrite])
    private static let absolute = FragmentSet([.loadAbsolute, .loadIndirect])
    /// What `generic_kfunc_set` is registered for.
    private static let objects = FragmentSet([.newObject, .exception, .kptrExchange, .percpuPointer])
    private static let timers = FragmentSet([.timerCallback])

    /// `BPF_TRACE_FENTRY` and `BPF_TRACE_RAW_TP`
    private static let fentry: UInt32 = 24
    private static let typedTracepoint: UInt32 = 23

    /// Whether a kernel loads programs like these.
    func isThere(in facts: KernelFacts) -> Bool {
        attachType == TypeTraits.typedTracepoint
            ? facts.features.contains(.typedTracepoint) : facts.programTypes.contains(type)
    }

    /// The types that programs are made for.
    ///
    /// - Source: the `is_valid_access` functions of `net/core/filter.c` and `kernel/bpf/cgroup.c`, Linux 6.12
    static let all: [TypeTraits] = [
        TypeTraits(
            type: .socketFilter, fields: ContextField.socketFilter,
            fragments: [access, absolute, timers, FragmentSet(.kernelContext)], weight: 6, isRunnable: true),
        TypeTraits(
            type: .schedCLS, fields: ContextField.schedCLS, packet: PacketFields(start: 76, end: 80),
            writesPackets: true,
            fragments: [access, packets, absolute, objects, timers, FragmentSet([.kernelContext, .tailCall])],
            weight: 8,
            isRunnable: true),
        TypeTraits(
            type: .schedACT, fields: ContextField.schedCLS, packet: PacketFields(start: 76, end: 80),
            writesPackets: true, fragments: [access, packets, absolute, timers, FragmentSet(.kernelContext)],
            weight: 2, isRunnable: true),
        TypeTraits(
            type: .xdp, fields: ContextField.xdp, packet: PacketFields(start: 0, end: 4), writesPackets: true,
            fragments: [access, packets, objects, timers, FragmentSet(.kernelContext)], weight: 4, isRunnable: true),
        TypeTraits(
            type: .cgroupSKB, returns: .zeroOrOne, fields: ContextField.cgroupSKB,
            packet: PacketFields(start: 76, end: 80), fragments: [access, FragmentSet(.packetRead), timers]),
        TypeTraits(
            type: .lwtXmit, fields: ContextField.lwt, packet: PacketFields(start: 76, end: 80), writesPackets: true,
            fragments: [access, packets, timers]),
        TypeTraits(
            type: .lwtIn, fields: ContextField.lwt, packet: PacketFields(start: 76, end: 80),
            fragments: [access, FragmentSet(.packetRead), timers]),
        TypeTraits(
            type: .skSKB, fields: ContextField.skSKB, packet: PacketFields(start: 76, end: 80), writesPackets: true,
            fragments: [access, packets, timers]),
        TypeTraits(
            type: .sockOps, returns: .zeroOrOne, fields: ContextField.sockOps, fragments: [access, timers], weight: 2),
        TypeTraits(
            type: .cgroupSock, attachType: 2, returns: .zeroOrOne, fields: ContextField.cgroupSock,
            fragments: [access, timers]),
        TypeTraits(
            type: .cgroupSockAddr, attachType: 10, returns: .zeroOrOne, fields: ContextField.sockAddr,
            fragments: [access, timers]),
        TypeTraits(
            type: .skLookup, attachType: 36, returns: .zeroOrOne, fields: ContextField.skLookup,
            fragments: [FragmentSet(.contextLoad), timers]),
        TypeTraits(
            type: .skMsg, fields: ContextField.skMsg, packet: PacketFields(start: 0, end: 8, size: .double),
            writesPackets: true, fragments: [FragmentSet(.contextLoad), packets, timers]),
        TypeTraits(
            type: .skReuseport, attachType: 39, returns: .zeroOrOne, fields: ContextField.skReuseport,
            packet: PacketFields(start: 0, end: 8, size: .double),
            fragments: [FragmentSet([.contextLoad, .packetRead]), timers]),
        TypeTraits(
            type: .flowDissector, packet: PacketFields(start: 76, end: 80),
            fragments: [FragmentSet(.packetRead), timers]),
        TypeTraits(
            type: .cgroupSysctl, returns: .zeroOrOne, fields: ContextField.sysctl, fragments: [access, timers]),
        TypeTraits(
            type: .cgroupSockopt, attachType: 22, returns: .zeroOrOne, fields: ContextField.sockopt,
            fragments: [access, timers]),
        TypeTraits(
            type: .perfEvent, fields: ContextField.perfEvent,
            fragments: FragmentSet([.contextLoad, .branchSnapshot])),
        TypeTraits(
            type: .tracing, attachType: fentry, attachTarget: "bpf_fentry_test7", argumentLoads: 1, returns: .zero,
            fragments: [FragmentSet([.functionArgument, .branchSnapshot, .argumentLoad]), objects], weight: 3),
        TypeTraits(
            type: .tracing, attachType: typedTracepoint, attachTarget: "kfree_skb", argumentLoads: 2, returns: .zero,
            fragments: [FragmentSet([.branchSnapshot, .argumentLoad]), objects], weight: 2),
    ]
}
