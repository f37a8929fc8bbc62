import BPF
import Patching

/// Edits as the kernel makes them, in place of random ones: passes over any well-formed program, each a function of it.
///
/// Where edits fall, how long a patch is and where in it the replaced instruction stands are the kernel's; the code in
/// between is this project's own, and so are its jumps, of which there may be more or fewer. The verifier's knowledge of
/// types and values is not there. Each workload says what it goes by instead.
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

    /// What the workload is called on the command line.
    package var name: String { rawValue }

    /// What it does, in half a line.
    package var summary: String {
        switch self {
        case .blinding: "constants are made of two random numbers"
        case .contextAccess: "context accesses become accesses of kernel objects"
        case .helperInlining: "small helpers are put in place of their calls"
        case .zeroExtension: "upper halves are cleared where someone may read them"
        case .randomUpperHalves: "upper halves that nobody reads get random numbers"
        case .divisionGuards: "divisions by a register are guarded against 0 and -1"
        case .mayGoto: "may_goto becomes a counter on the stack"
        case .loopInlining: "bpf_loop with a known callback becomes a loop"
        case .deadCode: "what is never reached is deleted"
        case .nops: "jumps by nothing are deleted, then jumps over those"
        case .fastcall: "no registers are saved around calls that write none"
        case .verifier: "all but blinding and rnd-hi32, in the verifier's order"
        }
    }

    /// The kernel's function that does the same.
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
        case .verifier: "bpf_check"
        }
    }

    /// What one pass does.
    enum Step: UInt8 {
        case blinding, contextAccess, helperInlining, zeroExtension, randomUpperHalves, divisionGuards, mayGoto
        case mayGotoCounters, loopInlining, deadCode, nops, fastcall
        /// Helpers, divisions and `may_goto` in one, as `do_misc_fixups` goes through them.
        case fixups
    }

    /// How many passes it has.
    package var passCount: Int {
        switch self {
        case .verifier: 8
        case .mayGoto, .nops: 2
        default: 1
        }
    }

    /// What the pass with a number does.
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
        }
    }
}
