/// A pass of the kernel that a plug-in can run in user space.
///
/// The edits of a ``PassImage`` are the effect that the pass must have. What the verifier has found before the pass,
/// such as the code that runs, follows from them. The raw value is the name of the function.
public enum KernelPass: String, CaseIterable, Codable, Hashable, Sendable {
    /// Spills and fills around calls become `goto +0`.
    case fastcall = "remove_fastcall_spills_fills"
    /// Calls of `bpf_loop` become loops, by `inline_bpf_loop`.
    case loops = "optimize_bpf_loop"
    /// Each dead slot becomes a jump to itself.
    case sanitizing = "sanitize_dead_code"
    /// Conditional jumps with a dead branch become `goto`.
    case hardWiring = "opt_hard_wire_dead_code_branches"
    /// Each run of dead slots is removed.
    case deadCode = "opt_remove_dead_code"
    /// Jumps to the next instruction are removed.
    case nops = "opt_remove_nops"
    /// The upper halves of registers whose lower ones are written are cleared, or get random numbers.
    case upperHalves = "opt_subreg_zext_lo32_rnd_hi32"
    /// `func_info` gets the starts of the subprograms; no instruction changes.
    case functionOffsets = "adjust_btf_func"
    /// Constants are computed from two random numbers.
    case blinding = "bpf_jit_blind_constants"

    /// The name of the function.
    public var name: String { rawValue }

    /// The name of the function in trees of 2026, which may be the same.
    ///
    /// - Source: `kernel/bpf/fixups.c`, Linux 7.1
    public var newerName: String {
        switch self {
        case .fastcall, .loops, .hardWiring, .deadCode, .nops, .upperHalves: "bpf_" + rawValue
        case .sanitizing, .functionOffsets, .blinding: rawValue
        }
    }

    /// The pass with a name of either time, or `nil`. The function that writes the loops is another name of their pass.
    public init?(name: String) {
        let name = name == "inline_bpf_loop" ? KernelPass.loops.rawValue : name
        guard let pass = KernelPass.allCases.first(where: { $0.rawValue == name || $0.newerName == name }) else {
            return nil
        }
        self = pass
    }
}
