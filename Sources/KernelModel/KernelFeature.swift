/// A feature that some kernels lack. Loading a program that needs it shows if a kernel has it.
///
/// Program types and kernel functions are not features but sets of their own in ``KernelFacts``.
package enum KernelFeature: String, Hashable, Sendable, Codable, CaseIterable {
    /// `BPF_PSEUDO_MAP_IDX` and `BPF_PSEUDO_MAP_IDX_VALUE`: maps by their number in `fd_array`. Since 5.14.
    case addressableMaps = "addressable-maps"
    /// `BPF_F_TEST_RND_HI32` shows in the result.
    case rndHi32 = "rnd-hi32"
    /// `ld_imm64` of a subprogram's address. Since 5.13.
    case pseudoFunction = "pseudo-func"
    /// `bpf_loop`. Since 5.17.
    case loop
    /// Timers in map values, with a callback. Since 5.15.
    case timer
    /// kptrs in map values to structures of the program's own. Since 6.4.
    case kptr
    /// The same to per-cpu structures. Since 6.7.
    case percpuKptr = "percpu-kptr"
    /// Calls of kernel functions.
    case kernelFunctions = "kfuncs"
    /// `gotol`: a jump with a 32-bit offset. Since 6.6.
    case gotol
    /// Signed division and modulo. Since 6.6.
    case signedDivision = "signed-division"
    /// Moves and loads that extend the sign, and unconditional byte swaps. Since 6.6.
    case signExtension = "sign-extension"
    /// `may_goto`. Since 6.9.
    case mayGoto = "may-goto"
    /// `may_goto +0` is removed like `ja +0`. Since 6.14.
    case mayGotoNop = "may-goto-nop"
    /// A loop may be closed by falling through, not only by a jump. Since 6.8, and in later releases of older series.
    case fallthroughCycles = "fallthrough-cycles"
    /// Spills and fills around fastcall helpers are removed. Since 6.12, with a JIT that inlines them.
    case fastcall
    /// Atomic loads that acquire and stores that release. Since 6.15.
    case loadAcquire = "load-acquire"
    /// `ld_abs` and `ld_ind`.
    case loadAbsolute = "ld-abs"
    /// Programs are compiled for the processor: `net.core.bpf_jit_enable` is not 0, or the interpreter is not built in.
    case jit
    /// Constants of all programs are blinded: `net.core.bpf_jit_harden` is 2.
    case blinding = "jit-harden"
    /// The xlated dump shows the addresses and constants that the kernel wrote into instructions.
    case rawDump = "raw-dump"
    /// Programs loaded with `CAP_BPF` but without `CAP_PERFMON` are hardened against speculation.
    case speculationHardening = "speculation-hardening"
    /// `BPF_PROG_TEST_RUN`.
    case testRun = "test-run"
    /// Programs of type `tracing` at tracepoints, whose arguments are pointers with types: attach type 23.
    case typedTracepoint = "tp-btf"
    /// The kernel has BTF of its own (vmlinux BTF), for attach targets and kernel functions.
    case kernelTypes = "kernel-btf"

    /// The reason if a kernel does not show the feature because of a setting or of missing rights, not of its age.
    package var setting: String? {
        switch self {
        case .jit: "net.core.bpf_jit_enable is 0"
        case .blinding: "net.core.bpf_jit_harden is not 2"
        case .speculationHardening: "programs loaded without CAP_PERFMON are not hardened, as with mitigations=off"
        default: nil
        }
    }
}
