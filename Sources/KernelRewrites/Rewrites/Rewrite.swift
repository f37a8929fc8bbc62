/// What the kernel does to a program's instructions between verifying it and running it.
///
/// One case a call site that patches or removes, named after what is rewritten.
///
/// - Source: 6.1 and 6.12, `kernel/bpf/verifier.c` and `core.c`; each case names its function
package enum Rewrite: String, Hashable, Sendable, CaseIterable, BitwiseCopyable {
    /// `opt_remove_dead_code`: runs of instructions that the verifier never saw.
    case deadCode = "dead-code"
    /// `opt_hard_wire_dead_code_branches`: a conditional jump with one dead side becomes `ja`, in place.
    case hardWired = "hard-wired"
    /// `opt_remove_nops`: `ja +0`, since 6.14 also `may_goto +0`.
    case nop
    /// `remove_fastcall_spills_fills`: a spill or fill around a call that clobbers nothing.
    case fastcall
    /// `opt_subreg_zext_lo32_rnd_hi32` with `BPF_F_TEST_RND_HI32`.
    case rndHi32 = "rnd-hi32"
    /// `opt_subreg_zext_lo32_rnd_hi32`: zero extension of a 32-bit result.
    case zext
    /// `convert_ctx_accesses`: `gen_prologue` of the program type.
    case prologue
    /// `convert_ctx_accesses`: `gen_epilogue`, and the saving of the context that it needs.
    case epilogue
    /// `convert_ctx_accesses`: a barrier before or behind an instruction against speculation.
    case nospec
    /// `convert_ctx_accesses`: a load or store of a context field.
    case context
    /// `convert_ctx_accesses` and `do_misc_fixups`: a load through an untrusted pointer becomes one that may fault.
    case probeMem = "probe-mem"
    /// `add_hidden_subprog`: the default exception callback.
    case hiddenSubprogram = "hidden-subprog"
    /// `do_misc_fixups`: signed division and modulo by -1.
    case signedByMinusOne = "signed-by-minus-one"
    /// `do_misc_fixups`: unsigned division by a register.
    case division
    /// `do_misc_fixups`: unsigned modulo by a register.
    case modulo
    /// `do_misc_fixups`: signed division by a register.
    case signedDivision = "signed-division"
    /// `do_misc_fixups`: signed modulo by a register.
    case signedModulo = "signed-modulo"
    /// `do_misc_fixups`: `gen_ld_abs` of the program type.
    case loadAbsolute = "ld-abs"
    /// `do_misc_fixups`: masking of pointer arithmetic against speculation.
    case pointerArithmetic = "ptr-alu"
    /// `do_misc_fixups`: `may_goto`, plain or timed.
    case mayGoto = "may-goto"
    /// `do_misc_fixups`: the counter of `may_goto` at the start of a subprogram.
    case mayGotoStart = "may-goto-start"
    /// `fixup_kfunc_call`: a kernel function that takes hidden arguments or is inlined.
    case kernelFunction = "kfunc"
    /// `do_misc_fixups`: the masked index of a tail call.
    case tailCall = "tail-call"
    /// `do_misc_fixups`: a hidden argument of `bpf_timer_set_callback`.
    case timerCallback = "timer-callback"
    /// `do_misc_fixups`: hidden arguments of `bpf_task_storage_get` and its kin, by allocation flags.
    case storageGet = "storage-get"
    /// `do_misc_fixups`: `bpf_this_cpu_ptr` and `bpf_per_cpu_ptr` of a per-cpu kptr.
    case percpuPointer = "per-cpu-ptr"
    /// `do_misc_fixups`: `map_gen_lookup` of the map type.
    case mapLookup = "map-lookup"
    /// `do_misc_fixups`: `bpf_jiffies64`.
    case jiffies
    /// `do_misc_fixups`: `bpf_get_smp_processor_id`.
    case processorID = "processor-id"
    /// `do_misc_fixups`: `bpf_get_func_arg`, `bpf_get_func_ret`, `bpf_get_func_arg_cnt` and `bpf_get_func_ip`.
    case functionArgument = "func-arg"
    /// `do_misc_fixups`: `bpf_get_branch_snapshot`.
    case branchSnapshot = "branch-snapshot"
    /// `do_misc_fixups`: `bpf_kptr_xchg`.
    case kptrExchange = "kptr-xchg"
    /// `inline_bpf_loop`.
    case loop = "bpf-loop"
    /// `bpf_jit_blind_constants`.
    case blinding
    /// In place, without a patch: an opcode or a field is changed and nothing moves.
    case inPlace = "in-place"
}
