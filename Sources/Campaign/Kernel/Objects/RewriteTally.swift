import KernelRewrites

/// Counts the kernel's edits by rewrite.
struct RewriteTally {
    private let way: ObjectSurvey.Way
    private var programs = 0
    private var all = EditTally(EditStatistics(name: "all", source: "bpf_check"))
    private var each: [EditTally] = Rewrite.allCases.map {
        EditTally(EditStatistics(name: $0.rawValue, source: $0.function))
    }
    private var inPlace: [String: Int] = [:]

    init(_ way: ObjectSurvey.Way) { self.way = way }

    /// Counts one program.
    ///
    /// - Complexity: O(rewrites)
    mutating func add(_ load: ObjectSurvey.Load) {
        for applied in load.report.applied {
            let number = Rewrite.allCases.firstIndex(of: applied.rewrite) ?? 0
            let growth = applied.result.count - applied.input.count
            if applied.rewrite.isInPlace {
                inPlace[applied.rewrite.rawValue, default: 0] += 1
            } else if applied.result.isEmpty {
                all.addDeletion(of: applied.input.count)
                each[number].addDeletion(of: applied.input.count)
            } else {
                // For the kernel, an insertion is a patch that ends with the following instruction.
                let length = applied.result.count + (applied.input.isEmpty ? 1 : 0)
                all.addPatch(length: length, growth: growth)
                each[number].addPatch(length: length, growth: growth)
            }
        }
        programs += 1
        let slots = load.loaded.input.program.insns.count
        all.endProgram(object: load.object, name: load.name, slots: slots)
        for number in each.indices { each[number].endProgram(object: load.object, name: load.name, slots: slots) }
    }

    /// The counts so far.
    var loads: KernelPatchStatistics.Loads {
        KernelPatchStatistics.Loads(
            way: way.rawValue, programs: programs,
            rewrites: [all.statistics] + each.filter { !$0.isEmpty }.map(\.statistics), inPlace: inPlace)
    }
}

extension Rewrite {
    /// True if the kernel changes the instruction in place and moves nothing.
    var isInPlace: Bool { self == .hardWired || self == .inPlace }

    /// The kernel function of the rewrite.
    ///
    /// - Source: 6.12, `kernel/bpf/verifier.c` and `core.c`
    var function: String {
        switch self {
        case .deadCode: "opt_remove_dead_code"
        case .hardWired: "opt_hard_wire_dead_code_branches"
        case .nop: "opt_remove_nops"
        case .fastcall: "remove_fastcall_spills_fills"
        case .rndHi32, .zext: "opt_subreg_zext_lo32_rnd_hi32"
        case .prologue, .epilogue, .nospec, .context: "convert_ctx_accesses"
        case .hiddenSubprogram: "add_hidden_subprog"
        case .kernelFunction: "fixup_kfunc_call"
        case .loop: "inline_bpf_loop"
        case .blinding: "bpf_jit_blind_constants"
        case .probeMem, .signedByMinusOne, .division, .modulo, .signedDivision, .signedModulo, .loadAbsolute,
            .pointerArithmetic, .mayGoto, .mayGotoStart, .tailCall, .timerCallback, .storageGet, .percpuPointer,
            .mapLookup, .jiffies, .processorID, .functionArgument, .branchSnapshot, .kptrExchange, .inPlace:
            "do_misc_fixups"
        }
    }
}
