import BPF
import KernelModel

/// A kind of generated programs, named after the code that the kernel rewrites in them. The names are those of the
/// command line.
package enum ProgramProfile: String, CaseIterable, Hashable, Sendable, Codable {
    case jumps
    case gotol
    case deadCode = "dead-code"
    case nops
    case calls
    case subprograms = "subprogs"
    case mayGoto = "may-goto"
    case loop
    case timer
    case fastcall
    case rndHi32 = "rnd-hi32"
    case zext
    case context
    case packetWrite = "packet-write"
    case loadAbsolute = "ld-abs"
    case division
    case mapLookup = "map-lookup"
    case helpers
    case tailCall = "tail-call"
    case kernelFunctions = "kfunc"
    case exception
    case tracing
    case kptr
    case speculation
    case blinding
    case far

    /// The purpose of the profile, in half a line.
    package var summary: String {
        switch self {
        case .jumps: "jumps of every kind between all borders, in programs with few rewrites"
        case .gotol: "jumps with 32-bit offsets, forward and backward"
        case .deadCode: "runs that no path reaches, after conditions that are always decided the same way"
        case .nops: "jumps by nothing, alone and in chains"
        case .calls: "calls of earlier and later subprograms, and callbacks"
        case .subprograms: "many subprograms, dead ones among them"
        case .mayGoto: "may_goto forward and backward, and loops around the first instruction of a subprogram"
        case .loop: "bpf_loop, inlined with a known callback, and called with unknown flags"
        case .timer: "callbacks of timers and of map elements"
        case .fastcall: "registers saved around fastcall helpers"
        case .rndHi32: "upper halves filled at random, by BPF_F_TEST_RND_HI32"
        case .zext: "32-bit compare and exchange, whose result is extended"
        case .context: "loads and stores of context fields of many program types"
        case .packetWrite: "direct packet access, with the prologue for writes"
        case .loadAbsolute: "ld_abs and ld_ind of all sizes"
        case .division: "division and modulo by registers, signed and unsigned, and by -1"
        case .mapLookup: "look-ups in maps of every type that is inlined, and map helpers whose function is replaced"
        case .helpers:
            "helpers that are inlined or get hidden arguments: jiffies, the processor's number, local storage"
        case .tailCall: "tail calls"
        case .kernelFunctions: "kernel functions that are inlined or get hidden arguments, and loads that may fault"
        case .exception: "bpf_throw, for which the kernel adds a subprogram"
        case .tracing: "arguments of traced functions, branch records, and loads through their pointers"
        case .kptr: "kptrs of maps, exchanged and per-cpu"
        case .speculation: "code that is hardened for programs without CAP_PERFMON"
        case .blinding: "constants everywhere, mostly in one function, if the kernel blinds them"
        case .far: "programs past 32,767 instructions, with jumps as far as 16 bits reach"
        }
    }

    /// The features without which the kernel supports no program of the profile.
    package var needs: Set<KernelFeature> {
        switch self {
        case .gotol: [.addressableMaps, .gotol]
        case .mayGoto: [.addressableMaps, .mayGoto]
        case .loop: [.addressableMaps, .pseudoFunction, .loop]
        case .timer: [.addressableMaps, .pseudoFunction, .timer]
        case .fastcall: [.addressableMaps, .fastcall]
        case .rndHi32: [.addressableMaps, .rndHi32]
        case .loadAbsolute: [.addressableMaps, .loadAbsolute]
        case .kernelFunctions, .exception: [.addressableMaps, .kernelFunctions]
        case .tracing: [.addressableMaps, .kernelTypes, .jit]
        case .kptr: [.addressableMaps, .kptr]
        case .speculation: [.addressableMaps, .speculationHardening]
        case .blinding: [.addressableMaps, .blinding]
        case .jumps, .deadCode, .nops, .calls, .subprograms, .zext, .context, .packetWrite, .division, .mapLookup,
            .helpers, .tailCall, .far:
            [.addressableMaps]
        }
    }

    /// The features that programs of the profile use if the kernel has them.
    private var uses: Set<KernelFeature> {
        switch self {
        case .deadCode, .jumps: [.fallthroughCycles]
        case .nops: [.mayGotoNop]
        case .division: [.signedDivision]
        case .kptr: [.percpuKptr]
        case .context: [.signExtension]
        default: []
        }
    }

    /// The fragments that the profile adds to those of every program.
    var fragments: FragmentSet {
        switch self {
        case .jumps, .blinding, .far, .subprograms: []
        case .gotol: FragmentSet(.longGoto)
        case .deadCode: FragmentSet(.deadRun)
        case .nops: FragmentSet(.nop)
        case .calls: FragmentSet(.extraCall)
        case .mayGoto: FragmentSet([.mayGoto, .mayGotoLoop])
        case .loop: FragmentSet(.loop)
        case .timer: FragmentSet([.timerCallback, .elementCallback])
        case .fastcall: FragmentSet(.fastcall)
        case .rndHi32: FragmentSet(.lowerHalf)
        case .zext: FragmentSet(.compareExchange)
        case .context: FragmentSet([.contextLoad, .contextStore])
        case .packetWrite: FragmentSet([.packetRead, .packetWrite])
        case .loadAbsolute: FragmentSet([.loadAbsolute, .loadIndirect])
        case .division: FragmentSet([.divide, .signedDivide, .signedByMinusOne])
        case .mapLookup:
            FragmentSet([
                .mapLookup, .jumpIntoCall, .outerMapLookup, .mapChange, .mapQueue, .percpuLookup, .redirect,
            ])
        case .helpers:
            FragmentSet([.jiffies, .processorID, .currentTask, .socketStorage, .taskStorage, .cgroupStorage])
        case .tailCall: FragmentSet(.tailCall)
        case .kernelFunctions:
            FragmentSet([
                .kernelContext, .readOnlyCast, .newObject, .listInsert, .treeInsert, .workQueue, .packetPointer,
            ])
        case .exception: FragmentSet(.exception)
        case .tracing: FragmentSet([.functionArgument, .branchSnapshot, .argumentLoad, .readOnlyCast])
        case .kptr: FragmentSet([.kptrExchange, .percpuPointer])
        case .speculation: FragmentSet([.boundedPointer, .pointerSpill])
        }
    }
}

/// A profile that a kernel does not support, and the reason.
package struct MissingProfile: Hashable, Sendable {
    package var profile: ProgramProfile
    /// The names of the missing features, sorted.
    package var lacks: [String]
}

extension ProgramProfile {
    /// The names of the features that a kernel lacks for the profile, sorted; empty if it has all.
    package func lacks(in facts: KernelFacts) -> [String] {
        var lacks = needs.subtracting(facts.features).map(\.rawValue)
        switch self {
        case .exception where !facts.functions.contains("bpf_throw"): lacks.append("bpf_throw")
        case .tracing
        where !facts.programTypes.contains(.tracing) && !facts.features.contains(.typedTracepoint):
            lacks.append(ProgramType.tracing.name)
        case .tailCall where !facts.programTypes.contains(.schedCLS): lacks.append(ProgramType.schedCLS.name)
        default: break
        }
        return lacks.sorted()
    }

    /// The features for the profile that the kernel does not show, although its release has them.
    package func lacksUnexpectedly(in facts: KernelFacts) -> [KernelFeature] {
        KernelFeature.allCases.filter {
            (needs.contains($0) || uses.contains($0)) && facts.lacksUnexpectedly($0)
        }
    }

    /// The profiles that a kernel does not support, and the reasons.
    package static func missing(of profiles: [ProgramProfile], in facts: KernelFacts) -> [MissingProfile] {
        profiles.compactMap { profile in
            let lacks = profile.lacks(in: facts)
            return lacks.isEmpty ? nil : MissingProfile(profile: profile, lacks: lacks)
        }
    }
}
