import BPF

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
    /// Calls of kernel functions, `bpf_rcu_read_lock` among them. Since 6.2.
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
        case .kernelTypes: "the kernel has no BTF of its own (CONFIG_DEBUG_INFO_BTF)"
        case .rawDump: "the kernel hides addresses (kernel.kptr_restrict)"
        default: nil
        }
    }

    /// The first release that has the feature; `nil` if it depends on a setting, on rights or on the processor.
    package var since: KernelVersion? {
        switch self {
        case .addressableMaps: KernelVersion(5, 14)
        case .rndHi32: KernelVersion(5, 3)
        case .pseudoFunction: KernelVersion(5, 13)
        case .loop: KernelVersion(5, 17)
        case .timer: KernelVersion(5, 15)
        case .kptr: KernelVersion(6, 4)
        case .percpuKptr: KernelVersion(6, 7)
        case .kernelFunctions: KernelVersion(6, 2)
        case .gotol, .signedDivision, .signExtension: KernelVersion(6, 6)
        case .mayGoto: KernelVersion(6, 9)
        case .mayGotoNop: KernelVersion(6, 14)
        case .fallthroughCycles: KernelVersion(6, 8)
        case .fastcall: Self.hasInlinedHelpers ? KernelVersion(6, 12) : nil
        case .loadAcquire: Self.hasInlinedHelpers ? KernelVersion(6, 15) : nil
        case .loadAbsolute: KernelVersion(4, 1)
        case .jit, .blinding, .rawDump, .speculationHardening, .testRun, .typedTracepoint, .kernelTypes: nil
        }
    }

    /// The features without which a release does not have this one.
    package var requires: Set<KernelFeature> {
        switch self {
        case .pseudoFunction, .fastcall, .loadAcquire: [.jit]
        case .loop, .timer: [.jit, .addressableMaps, .pseudoFunction]
        case .kernelFunctions: [.jit, .kernelTypes]
        case .kptr: [.jit, .kernelTypes, .addressableMaps, .kernelFunctions]
        case .percpuKptr: [.jit, .kernelTypes, .kernelFunctions]
        case .mayGotoNop: [.mayGoto]
        default: []
        }
    }

    /// True for a processor whose JIT compiles per-CPU loads and atomic loads from the first release that has them.
    private static var hasInlinedHelpers: Bool {
        #if arch(x86_64)
            true
        #else
            false
        #endif
    }
}
