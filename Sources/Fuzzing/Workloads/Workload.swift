import BPF
import Patching

/// Passes like those of the kernel instead of random ones, for any well-formed program.
///
/// Places of edits, lengths of patches and places of kept instructions are those of the kernel. The rest of the code
/// and its jumps are this project's own. The verifier's knowledge of types and values is missing; each workload
/// documents its substitute.
package enum Workload: String, CaseIterable, Codable, Sendable, Hashable {
    case blinding
    case contextAccess = "ctx-access"
    case helperInlining = "helper-inlining"
    case zeroExtension = "zext"
    case randomUpperHalves = "rnd-hi32"
    case divisionGuards = "div-guard"
    case mayGoto = "may-goto"
    case loopInlining = "bpf-loop"
    case deadCode = "dead-code"
    case nops
    case fastcall
    case verifier
    case kernelPasses = "kernel-passes"

    /// The name on the command line.
    package var name: String { rawValue }

    /// A summary in half a line.
    package var summary: String {
        switch self {
        case .blinding: "constants are computed from two random numbers"
        case .contextAccess: "context accesses become accesses of kernel objects"
        case .helperInlining: "calls of small helpers are inlined"
        case .zeroExtension: "upper halves are cleared if they may be read"
        case .randomUpperHalves: "upper halves that are never read get random numbers"
        case .divisionGuards: "divisions by a register are guarded against 0 and -1"
        case .mayGoto: "may_goto becomes a counter on the stack"
        case .loopInlining: "bpf_loop with a known callback becomes a loop"
        case .deadCode: "unreachable code is deleted"
        case .nops: "jumps to the next instruction are deleted, then jumps over those"
        case .fastcall: "unnecessary spills and fills around calls are removed"
        case .verifier: "all but blinding and rnd-hi32, in the verifier's order"
        case .kernelPasses: "exactly what passes of the kernel do; for plug-ins built with --pass"
        }
    }

    /// The kernel function that makes the same rewrite.
    package var source: String {
        switch self {
        case .blinding: "bpf_jit_blind_constants"
        case .contextAccess: "convert_ctx_accesses"
        case .helperInlining, .divisionGuards, .mayGoto: "do_misc_fixups"
        case .zeroExtension, .randomUpperHalves: "opt_subreg_zext_lo32_rnd_hi32"
        case .loopInlining: "inline_bpf_loop"
        case .deadCode: "opt_remove_dead_code"
        case .nops: "opt_remove_nops"
        case .fastcall: "remove_fastcall_spills_fills"
        case .verifier, .kernelPasses: "bpf_check"
        }
    }

    /// The kind of one pass.
    enum Step: UInt8 {
        case blinding, contextAccess, helperInlining, zeroExtension, randomUpperHalves, divisionGuards, mayGoto
        case mayGotoCounters, loopInlining, deadCode, nops, fastcall
        /// Helpers, divisions and `may_goto` in one pass, as in `do_misc_fixups`.
        case fixups
        /// The passes of ``KernelPass`` that other steps do not make.
        case spillsAndFills, exactLoops, sanitizing, hardWiring, exactNops, upperHalves, exactBlinding
    }

    /// The number of passes.
    package var passCount: Int {
        switch self {
        case .verifier, .kernelPasses: 8
        case .mayGoto, .nops: 2
        default: 1
        }
    }

    /// The kind of a pass.
    ///
    /// - Source: `bpf_check`, Linux 6.12, for the order of ``verifier``
    @inline(__always)
    func step(_ number: Int) -> Step {
        precondition(number >= 0 && number < passCount, "\(name) has no pass \(number)")
        switch self {
        case .blinding: return .blinding
        case .contextAccess: return .contextAccess
        case .helperInlining: return .helperInlining
        case .zeroExtension: return .zeroExtension
        case .randomUpperHalves: return .randomUpperHalves
        case .divisionGuards: return .divisionGuards
        case .mayGoto: return number == 0 ? .mayGoto : .mayGotoCounters
        case .loopInlining: return .loopInlining
        case .deadCode: return .deadCode
        case .nops: return .nops
        case .fastcall: return .fastcall
        case .verifier:
            let steps: [8 of Step] = [
                .fastcall, .loopInlining, .deadCode, .nops, .contextAccess, .fixups, .mayGotoCounters, .zeroExtension,
            ]
            return steps[number]
        case .kernelPasses:
            let steps: [8 of Step] = [
                .spillsAndFills, .exactLoops, .sanitizing, .hardWiring, .deadCode, .exactNops, .upperHalves,
                .exactBlinding,
            ]
            return steps[number]
        }
    }
}
