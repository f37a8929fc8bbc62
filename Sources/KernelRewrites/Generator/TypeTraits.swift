import BPF
import Fuzzing
import KernelModel

/// The context of programs of a type, and the fragments that they may have.
struct TypeTraits: Sendable {
    /// The values that a program may return.
    enum Returns: Sendable {
        case anything
        case zeroOrOne
        case zero
    }

    var type: ProgramType
    var attachType: UInt32 = 0
    /// The kernel function or tracepoint of a tracing program.
    var attachTarget: String?
    /// The number of loads from the first argument of the traced function to an address that the verifier does not
    /// trust.
    var argumentLoads = 0
    var returns = Returns.anything
    var fields: [ContextField] = []
    /// The fields of the context with the ends of a packet.
    var packet: PacketFields?
    var writesPackets = false
    /// The fragments of ``special`` that it may have.
    var fragments: FragmentSet = []
    /// How often the type is chosen, relative to others.
    var weight = 1
    /// True if `BPF_PROG_TEST_RUN` takes a packet and returns any result.
    var isRunnable = false

    /// The offsets in a context of the ends of a packet.
    struct PacketFields: Sendable {
        var start: Int16
        var end: Int16
        var size = MemorySize.word
    }
}

extension TypeTraits {
    /// `sk` in `struct __sk_buff`.
    static let socketField: Int16 = 168

    /// The fragments that only some types may have.
    static let special = FragmentSet([
        .contextLoad, .contextStore, .packetRead, .packetWrite, .loadAbsolute, .loadIndirect, .tailCall, .kernelContext,
        .newObject, .exception, .functionArgument, .branchSnapshot, .argumentLoad, .timerCallback, .kptrExchange,
        .percpuPointer, .redirect, .socketStorage, .taskStorage, .cgroupStorage, .listInsert, .treeInsert, .workQueue,
        .packetPointer,
    ])
    private static let access = FragmentSet([.contextLoad, .contextStore])
    private static let packets = FragmentSet([.packetRead, .packetWrite])
    private static let absolute = FragmentSet([.loadAbsolute, .loadIndirect])
    /// The kernel functions of `generic_kfunc_set`.
    private static let objects = FragmentSet([
        .newObject, .exception, .kptrExchange, .percpuPointer, .cgroupStorage,
    ])
    /// Those of them that need a lock.
    private static let collections = FragmentSet([.listInsert, .treeInsert])
    private static let timers = FragmentSet([.timerCallback, .workQueue])
    private static let sockets = FragmentSet([.socketStorage])
    /// `bpf_kfunc_set_skb`
    private static let pointers = FragmentSet([.packetPointer])

    /// `BPF_TRACE_FENTRY`, `BPF_TRACE_FEXIT` and `BPF_TRACE_RAW_TP`
    private static let fentry: UInt32 = 24
    private static let fexit: UInt32 = 25
    private static let typedTracepoint: UInt32 = 23

    /// Returns true if a kernel loads programs of the type.
    func isThere(in facts: KernelFacts) -> Bool {
        attachType == TypeTraits.typedTracepoint
            ? facts.features.contains(.typedTracepoint) : facts.programTypes.contains(type)
    }

    /// The program types to generate.
    ///
    /// - Source: the `is_valid_access` functions of `net/core/filter.c` and `kernel/bpf/cgroup.c`, Linux 6.12
    static let all: [TypeTraits] = [
        TypeTraits(
            type: .socketFilter, fields: ContextField.socketFilter,
            fragments: [access, absolute, timers, pointers, FragmentSet(.kernelContext)], weight: 6, isRunnable: true),
        TypeTraits(
            type: .schedCLS, fields: ContextField.schedCLS, packet: PacketFields(start: 76, end: 80),
            writesPackets: true,
            fragments: [
                access, packets, absolute, objects, collections, timers, sockets, pointers,
                FragmentSet([.kernelContext, .tailCall]),
            ],
            weight: 8,
            isRunnable: true),
        TypeTraits(
            type: .schedACT, fields: ContextField.schedCLS, packet: PacketFields(start: 76, end: 80),
            writesPackets: true, fragments: [access, packets, absolute, timers, FragmentSet(.kernelContext)],
            weight: 2, isRunnable: true),
        TypeTraits(
            type: .xdp, fields: ContextField.xdp, packet: PacketFields(start: 0, end: 4), writesPackets: true,
            fragments: [access, packets, objects, collections, timers, FragmentSet([.kernelContext, .redirect])],
            weight: 4, isRunnable: true),
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
            fragments: [FragmentSet([.functionArgument, .branchSnapshot, .argumentLoad, .taskStorage]), objects],
            weight: 3),
        TypeTraits(
            type: .tracing, attachType: typedTracepoint, attachTarget: "kfree_skb", argumentLoads: 2, returns: .zero,
            fragments: [FragmentSet([.branchSnapshot, .argumentLoad, .taskStorage]), objects], weight: 2),
        TypeTraits(
            type: .tracing, attachType: fexit, attachTarget: "bpf_fentry_test7", argumentLoads: 1, returns: .anything,
            fragments: [FragmentSet([.functionArgument, .branchSnapshot, .argumentLoad, .taskStorage]), objects],
            weight: 2),
    ]
}
