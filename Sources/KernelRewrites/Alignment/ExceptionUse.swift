import BPF
import Fuzzing
import KernelModel
import Patching

/// Whether a program throws exceptions, for which the kernel adds a subprogram that catches them.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `check_kfunc_call` and `do_misc_fixups`: `seen_exception`
struct ExceptionUse: BitwiseCopyable {
    /// Whether the verifier saw a call of `bpf_throw`.
    private(set) var isThrowing = false
    /// Whether the program may have a subprogram of its own that catches: one that is live without being called. Only the
    /// program's types say which it is.
    private(set) var mayCatch = false

    /// Looks at what is live.
    ///
    /// - Complexity: O(slots) where `bpf_throw` is among the kernel functions
    init(_ loadable: LoadableProgram, _ live: [Bool]) {
        let names = loadable.kernelFunctions
        if !names.contains("bpf_throw") { return }
        let program = loadable.program
        var called: Set<UInt32> = [0]
        for (slot, insn) in program.insns.enumerated() where live[slot] {
            if insn.jumpKind.isCall {
                called.insert(UInt32(truncatingIfNeeded: slot + 1 + insn.jumpOffset(insn.jumpKind)))
            } else if insn.code == Opcode.call && insn.src == Opcode.pseudoKernelFunction {
                let number = Int(insn.imm)
                if names.indices.contains(number) && names[number] == "bpf_throw" { isThrowing = true }
            }
        }
        mayCatch = program.subprograms.contains { live[Int($0.start)] && !called.contains($0.start) }
    }
}
