/// The kernel's own rules, beyond those of edits: what it removes, where it lets things land, and what may be chosen freely.
///
/// A kernel that obeys them passes a check; each is one sentence and the function that it was read from. The checker is built
/// on them, and the article <doc:KernelRules> is this table.
package enum KernelRule: String, Sendable, CaseIterable {
    case removedRun = "removed-run"
    case hardWiring = "hard-wiring"
    case hardWiringOrder = "hard-wiring-order"
    case nop
    case nopOnce = "nop-once"
    case mayGotoNop = "may-goto-nop"
    case fastcall
    case patchedInstruction = "patched-instruction"
    case behindPatch = "behind-patch"
    case inheritedLine = "inherited-line"
    case patchedLine = "patched-line"
    case subprogramStart = "subprogram-start"
    case removedSubprogram = "removed-subprogram"
    case prologue
    case prologueOrder = "prologue-order"
    case counter
    case mayGoto = "may-goto"
    case loopCallback = "loop-callback"
    case upperHalf = "upper-half"
    case hiddenSubprogram = "hidden-subprogram"
    case compiledCall = "compiled-call"
    case pseudoFunction = "pseudo-function"
    case blinding
    case blindingOfSubprograms = "blinding-of-subprograms"
    case chosenFields = "chosen-fields"
    case deadCallee = "dead-callee"
    case farCall = "far-call"
    case sharedLines = "shared-lines"

    /// The rule in one sentence.
    package var sentence: String {
        switch self {
        case .removedRun:
            "Each run of instructions that the verifier never saw is removed, and a jump to its first instruction lands on what follows it."
        case .hardWiring: "A conditional jump of which one side was never seen becomes `ja`, to the other side."
        case .hardWiringOrder:
            "The fall-through is asked first: with both sides dead, the jump becomes one to its target."
        case .nop:
            "After that, `ja +0` is removed, also where an offset became 0 only because something between was removed."
        case .nopOnce:
            "A `ja` is looked at once, from the first to the last: one that becomes `ja +0` because a nop behind it goes is left."
        case .mayGotoNop:
            "Since 6.14 `may_goto +0` is removed too, and then the instruction in front of it is looked at once more."
        case .fastcall:
            "Spills and fills in pairs around a call that leaves their registers alone become nops, never one without the other."
        case .patchedInstruction:
            "A jump or call to an instruction that is patched lands on the first instruction of the patch."
        case .behindPatch: "A jump to the instruction behind it lands behind the whole patch."
        case .inheritedLine:
            "When a run is removed, its last line goes to the instruction that follows, unless that has a line of its own."
        case .patchedLine: "The line of an instruction that is patched points to the first instruction of the patch."
        case .subprogramStart:
            "A subprogram starts, in `func_info` too, with the first thing of it that stands: code at its start, a patch or an instruction."
        case .removedSubprogram:
            "A subprogram of which nothing is left has no row, and the numbers of those behind it go down."
        case .prologue:
            "Jumps to the first instruction of a subprogram go past the code that is put in front of it; calls enter that code."
        case .prologueOrder: "The counter of `may_goto` is set in front of the program type's own prologue."
        case .counter: "Each subprogram in which a `may_goto` stands sets the counter first, and no other does."
        case .mayGoto: "The second instruction of the patch of a `may_goto` is the jump, and still reaches the target."
        case .loopCallback: "The call in an inlined `bpf_loop` enters the subprogram whose address was in `r2`."
        case .upperHalf: "What is put behind a 32-bit result belongs to the patch of that instruction."
        case .hiddenSubprogram: "The kernel's own subprogram stands last and has no row in `func_info`."
        case .compiledCall:
            "Up to 7.0 a compiled call has its offset in `off` and the number of its subprogram in `imm`, later the other way round."
        case .pseudoFunction: "A compiled pseudo function has the number of its subprogram in its second slot."
        case .blinding:
            "A blinded constant is made in two instructions in front of the one that uses it, and whatever led to that leads to the first."
        case .blindingOfSubprograms: "In programs with subprograms, what is shown is not blinded, up to 7.0."
        case .chosenFields:
            "Addresses of functions and data, numbers of maps, offsets and sizes of fields and random numbers are the kernel's to choose."
        case .deadCallee:
            "The address of a subprogram that is removed as dead is left behind, and leads astray: a fault, if one that nothing reaches."
        case .farCall: "An offset beyond 16 bits is cut where a compiled call shows it: a fault in what is shown."
        case .sharedLines:
            "Blinding a function of several moves the lines of all of them, by its own offsets: a fault in what is shown."
        }
    }

    /// Where the rule was read.
    package var source: String {
        switch self {
        case .removedRun: "6.12 verifier.c: opt_remove_dead_code; core.c: bpf_remove_insns"
        case .hardWiring, .hardWiringOrder: "6.12 verifier.c: opt_hard_wire_dead_code_branches"
        case .nop, .nopOnce: "6.12 verifier.c: opt_remove_nops"
        case .mayGotoNop: "6.14 verifier.c: opt_remove_nops"
        case .fastcall: "6.12 verifier.c: mark_fastcall_pattern_for_call, remove_fastcall_spills_fills"
        case .patchedInstruction, .behindPatch: "6.12 core.c: bpf_adj_branches"
        case .inheritedLine: "6.12 verifier.c: bpf_adj_linfo_after_remove"
        case .patchedLine: "6.12 core.c: bpf_adj_linfo"
        case .subprogramStart: "6.12 verifier.c: adjust_subprog_starts, adjust_btf_func"
        case .removedSubprogram: "6.12 verifier.c: adjust_subprog_starts_after_remove"
        case .prologue: "6.12 verifier.c: adjust_jmp_off"
        case .prologueOrder, .counter, .mayGoto: "6.12 verifier.c: do_misc_fixups, convert_ctx_accesses"
        case .loopCallback: "6.12 verifier.c: inline_bpf_loop"
        case .upperHalf: "6.12 verifier.c: opt_subreg_zext_lo32_rnd_hi32"
        case .hiddenSubprogram: "6.12 verifier.c: add_hidden_subprog, adjust_btf_func"
        case .compiledCall, .pseudoFunction, .farCall: "6.12 verifier.c: jit_subprogs, at its end"
        case .blinding: "6.12 core.c: bpf_jit_blind_constants"
        case .blindingOfSubprograms: "6.12 verifier.c: jit_subprogs; x86 bpf_jit_comp.c: bpf_int_jit_compile"
        case .chosenFields: "6.12 syscall.c: bpf_insn_prepare_dump"
        case .deadCallee: "6.12 verifier.c: check_helper_call, opt_remove_dead_code"
        case .sharedLines: "6.12 core.c: bpf_adj_linfo; verifier.c: jit_subprogs"
        }
    }

    /// Where the checker holds the kernel to it.
    package var checkedBy: String {
        switch self {
        case .removedRun, .hardWiring, .hardWiringOrder, .nop, .nopOnce, .mayGotoNop: "DeadCodePrediction"
        case .fastcall: "FastcallPattern"
        case .patchedInstruction, .behindPatch, .inheritedLine, .patchedLine, .removedSubprogram, .upperHalf:
            "Expectation"
        case .subprogramStart, .prologue: "KernelPasses.starts"
        case .prologueOrder, .counter: "Alignment.enter"
        case .mayGoto: "JumpShapes"
        case .loopCallback: "LoopCallbacks"
        case .hiddenSubprogram: "Alignment.finish"
        case .compiledCall, .pseudoFunction, .farCall: "CallNumbers"
        case .blinding, .blindingOfSubprograms: "Unblinding"
        case .chosenFields: "Candidates"
        case .deadCallee: "DeadCallees"
        case .sharedLines: "RewriteChecker"
        }
    }

    /// The table in Markdown, as the article has it.
    package static var markdown: String {
        let rows = allCases.map { "| \($0.rawValue) | \($0.sentence) | \($0.source) |" }
        return (["| rule | what the kernel does | read from |", "|---|---|---|"] + rows).joined(separator: "\n")
    }
}
