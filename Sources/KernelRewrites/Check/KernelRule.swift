import Fuzzing

/// The kernel's own rules, beyond those of edits: what it removes, what jumps reach, and what it may choose.
///
/// A kernel that keeps them passes the check. The article <doc:KernelRules> shows the table.
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
    case narrowLoad = "narrow-load"
    case chosenFields = "chosen-fields"
    case chosenValues = "chosen-values"
    case stackSlots = "stack-slots"
    case deadCallee = "dead-callee"
    case farCall = "far-call"
    case sharedLines = "shared-lines"

    /// The rule in one sentence.
    package var sentence: String { row.sentence }
    /// The kernel function of the rule, with release and file.
    package var source: String { row.source }

    private var row: (sentence: String, source: String) {
        let fixups = "6.12 verifier.c: do_misc_fixups"
        let compiled = "6.12 verifier.c: jit_subprogs, at its end"
        return switch self {
        case .removedRun:
            (
                "The kernel removes each run of instructions that the verifier never saw; a jump to its first instruction reaches the one after it.",
                "6.12 verifier.c: opt_remove_dead_code; core.c: bpf_remove_insns"
            )
        case .hardWiring:
            (
                "A conditional jump with one side that was never seen becomes `ja` to the other side.",
                "6.12 verifier.c: opt_hard_wire_dead_code_branches"
            )
        case .hardWiringOrder:
            (
                "The fall-through comes first: with both sides dead, the jump becomes one to its target.",
                "6.12 verifier.c: opt_hard_wire_dead_code_branches"
            )
        case .nop:
            (
                "After that the kernel removes `ja +0`, also if the offset became 0 by a removal.",
                "6.12 verifier.c: opt_remove_nops"
            )
        case .nopOnce:
            (
                "It looks at each `ja` once, in order: one that becomes `ja +0` by the removal of a later nop stays.",
                "6.12 verifier.c: opt_remove_nops"
            )
        case .mayGotoNop:
            (
                "Since 6.14 it removes `may_goto +0` too, and then looks again at the instruction before it.",
                "6.14 verifier.c: opt_remove_nops"
            )
        case .fastcall:
            (
                "Spills and fills in pairs around a call that leaves their registers alone become nops, never one without the other.",
                "6.12 verifier.c: mark_fastcall_pattern_for_call, remove_fastcall_spills_fills"
            )
        case .patchedInstruction:
            (
                "A jump or call to a patched instruction reaches the first instruction of the patch.",
                "6.12 core.c: bpf_adj_branches"
            )
        case .behindPatch:
            (
                "A jump to the instruction after a patched one reaches the instruction after the patch.",
                "6.12 core.c: bpf_adj_branches"
            )
        case .inheritedLine:
            (
                "The last line of a removed run goes to the following instruction, unless that has a line of its own.",
                "6.12 verifier.c: bpf_adj_linfo_after_remove"
            )
        case .patchedLine:
            (
                "The line of a patched instruction is at the first instruction of the patch.",
                "6.12 core.c: bpf_adj_linfo"
            )
        case .subprogramStart:
            (
                "A subprogram starts, in `func_info` too, with its first remaining slot: inserted code, a patch or an instruction.",
                "6.12 verifier.c: adjust_subprog_starts, adjust_btf_func"
            )
        case .removedSubprogram:
            (
                "A subprogram without remaining slots has no row, and the numbers of the following ones decrease.",
                "6.12 verifier.c: adjust_subprog_starts_after_remove"
            )
        case .prologue:
            (
                "Jumps to the first instruction of a subprogram skip the code that was inserted before it; calls enter that code.",
                "6.12 verifier.c: adjust_jmp_off"
            )
        case .prologueOrder:
            (
                "The counter of `may_goto` is set before the prologue of the program type.",
                "6.12 verifier.c: do_misc_fixups, convert_ctx_accesses"
            )
        case .counter: ("Each subprogram with a `may_goto` sets the counter first, and no other does.", fixups)
        case .mayGoto:
            ("The second instruction of the patch of a `may_goto` is the jump, and reaches the same target.", fixups)
        case .loopCallback:
            (
                "The call in an inlined `bpf_loop` enters the subprogram whose address was in `r2`.",
                "6.12 verifier.c: inline_bpf_loop"
            )
        case .upperHalf:
            (
                "A random upper half follows a 32-bit result, in its patch, only if no path reads the upper half.",
                "6.12 verifier.c: opt_subreg_zext_lo32_rnd_hi32"
            )
        case .hiddenSubprogram:
            (
                "The subprogram that the kernel adds is the last one, and has no row in `func_info`.",
                "6.12 verifier.c: add_hidden_subprog, adjust_btf_func"
            )
        case .compiledCall:
            (
                "Up to 7.0 a compiled call has its offset in `off` and the number of its subprogram in `imm`, later the other way round.",
                compiled
            )
        case .pseudoFunction:
            ("A compiled pseudo function has the number of its subprogram in its second slot.", compiled)
        case .blinding:
            (
                "With blinding, each constant of the program is made in two instructions before its use, and whatever reached the use reaches the first.",
                "6.12 core.c: bpf_jit_blind_constants"
            )
        case .blindingOfSubprograms:
            (
                "Programs with subprograms show no blinding, up to 7.0.",
                "6.12 verifier.c: jit_subprogs; x86 bpf_jit_comp.c: bpf_int_jit_compile"
            )
        case .narrowLoad:
            (
                "A load of a part of a context field ends with a shift by its offset in the field and a mask of its size, and extends the sign if the program does.",
                "6.12 verifier.c: convert_ctx_accesses"
            )
        case .chosenFields:
            (
                "Addresses of functions and data, numbers of maps, offsets of fields and random numbers are the kernel's choice.",
                "6.12 syscall.c: bpf_insn_prepare_dump"
            )
        case .chosenValues:
            (
                "A function has one address in a program and shares it with no other; bounds, masks and sizes are those of the map; an offset is the same everywhere.",
                "6.12 verifier.c: do_misc_fixups; arraymap.c, hashtab.c: map_gen_lookup"
            )
        case .stackSlots:
            (
                "The kernel's stack slots are aligned, beyond the program's own stack, and the same in a whole subprogram.",
                "6.12 verifier.c: do_misc_fixups, optimize_bpf_loop"
            )
        case .deadCallee:
            (
                "The address of a subprogram that is removed as dead stays, with another target: a fault, though of code that nothing reaches.",
                "6.12 verifier.c: check_helper_call, opt_remove_dead_code"
            )
        case .farCall: ("A compiled call shows an offset beyond 16 bits truncated: a fault of what is shown.", compiled)
        case .sharedLines:
            (
                "Blinding one of several functions moves the lines of all, by its own offsets: a fault of what is shown.",
                "6.12 core.c: bpf_adj_linfo; verifier.c: jit_subprogs"
            )
        }
    }

    /// The table in Markdown, as the article has it.
    package static var markdown: String {
        let rows = allCases.map { "| \($0.rawValue) | \($0.sentence) | \($0.source) |" }
        return (["| rule | what the kernel does | read from |", "|---|---|---|"] + rows).joined(separator: "\n")
    }
}

extension KernelRule {
    /// The rule that a finding is about; `nil` for a finding about no result.
    init?(brokenBy finding: Finding) {
        guard let bucket = Bucket(finding.bucket) else { return nil }
        let isRemoval = bucket.edit.contains("delete")
        switch finding.rule {
        case .wrongLanding:
            switch bucket.insn {
            case "call-number": self = .compiledCall
            case "pseudo-func-number": self = .pseudoFunction
            default:
                if bucket.edit == "blinding" {
                    self = .blinding
                } else if isRemoval {
                    self = bucket.insn.hasPrefix("pseudo-func") ? .deadCallee : .removedRun
                } else {
                    self = finding.pass == 1 ? .prologue : .patchedInstruction
                }
            }
        case .line: self = bucket.insn == "shared" ? .sharedLines : isRemoval ? .inheritedLine : .patchedLine
        case .subprogram: self = isRemoval || bucket.insn == "extra" ? .removedSubprogram : .subprogramStart
        case .layout: self = .removedRun
        case .error: self = .patchedInstruction
        case .encoding:
            switch bucket.insn {
            case "far-call": self = .farCall
            case "upper-half": self = .upperHalf
            case "stack-counter", "stack-saved": self = .stackSlots
            default: self = bucket.edit == "blinding" ? .blinding : .chosenValues
            }
        default: return nil
        }
    }
}
