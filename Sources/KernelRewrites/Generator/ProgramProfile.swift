import BPF
import KernelModel

/// What programs are made to have rewritten; the names are those of the command line.
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

    /// What the profile is for, in half a line.
    package var summary: String {
        switch self {
        case .jumps: "jumps of every kind between all borders, in programs that are rewritten as little as can be"
        case .gotol: "jumps with 32-bit offsets, forward and backward"
        case .deadCode: "runs that no path reaches, behind conditions that are always decided the same way"
        case .nops: "jumps by nothing, alone and in chains"
        case .calls: "calls of earlier and later subprograms, and callbacks"
        case .subprograms: "many subprograms, dead ones among them"
        case .mayGoto: "may_goto forward and backward, and loops around the first instruction of a subprogram"
        case .loop: "bpf_loop, with callbacks that are known and unrolled, and with flags that are not known"
        case .timer: "callbacks of timers and of map elements"
        case .fastcall: "registers saved around calls that clobber none"
        case .rndHi32: "upper halves filled at random, by BPF_F_TEST_RND_HI32"
        case .zext: "32-bit compare and exchange, whose result is extended"
        case .context: "loads and stores of context fields of many program types"
        case .packetWrite: "direct packet access, with the prologue that writing brings"
        case .loadAbsolute: "ld_abs and ld_ind of all sizes"
        case .division: "division and modulo by registers, signed and unsigned, and by -1"
        case .mapLookup: "look-ups in maps of every type that is inlined"
        case .helpers: "helpers that are inlined: jiffies and the processor's number"
        case .tailCall: "tail calls"
        case .kernelFunctions: "kernel functions that are inlined or get hidden arguments, and loads that may fault"
        case .exception: "bpf_throw, with the subprogram that it brings"
        case .tracing: "arguments of traced functions, branch records, and loads through their pointers"
        case .kptr: "kptrs of maps, exchanged and per-cpu"
        case .speculation: "what is hardened for programs without CAP_PERFMON"
        case .blinding: "constants everywhere, in one function, where the kernel blinds them"
        case .far: "programs past 32,767 instructions, with jumps as far as 16 bits reach"
        }
    }

    /// What the kernel must have for any program of the profile.
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

    /// The fragments that the profile adds to what every program is made of.
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
        case .mapLookup: FragmentSet([.mapLookup, .jumpIntoCall, .outerMapLookup])
        case .helpers: FragmentSet([.jiffies, .processorID])
        case .tailCall: FragmentSet(.tailCall)
        case .kernelFunctions: FragmentSet([.kernelContext, .readOnlyCast, .newObject])
        case .exception: FragmentSet(.exception)
        case .tracing: FragmentSet([.functionArgument, .branchSnapshot, .argumentLoad, .readOnlyCast])
        case .kptr: FragmentSet([.kptrExchange, .percpuPointer])
        case .speculation: FragmentSet([.boundedPointer, .pointerSpill])
        }
    }
}

/// Why a profile cannot be had on a kernel.
package struct MissingProfile: Hashable, Sendable {
    package var profile: ProgramProfile
    /// What the kernel lacks, by its names, sorted.
    package var lacks: [String]
}

extension ProgramProfile {
    /// What a kernel lacks for the profile, by its names, sorted; empty if it has all.
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

    /// Those of some profiles that a kernel cannot have, and why.
    package static func missing(of profiles: [ProgramProfile], in facts: KernelFacts) -> [MissingProfile] {
        profiles.compactMap { profile in
            let lacks = profile.lacks(in: facts)
            return lacks.isEmpty ? nil : MissingProfile(profile: profile, lacks: lacks)
        }
    }
}
