import Foundation
import Fuzzing
import Patching
import TestSupport
import Testing

@testable import Plugins

/// Passes of real kernels, if Debian's source packages are installed.
@Suite(.serialized) struct KernelPassTests {
    /// A fault in a pass or in a function that only passes call.
    struct PassFault: Sendable {
        let pass: KernelPass
        var function: String
        let old: String
        let new: String

        init(_ pass: KernelPass, _ old: String, _ new: String, in function: String? = nil) {
            self.pass = pass
            self.function = function ?? pass.name
            self.old = old
            self.new = new
        }
    }

    static let faults = [
        PassFault(.sanitizing, "i < insn_cnt", "i < insn_cnt - 1"),
        PassFault(.sanitizing, "0, 0, -1", "0, 0, 0"),
        PassFault(.sanitizing, "aux_data[i].zext_dst = false", "(void)0"),
        PassFault(.sanitizing, "aux_data[i].seen", "aux_data[i].seen > 1"),
        PassFault(.hardWiring, "ja.off = insn->off", "ja.off = insn->off + 1"),
        PassFault(.hardWiring, "aux_data[i + 1].seen", "aux_data[i].seen"),
        PassFault(.hardWiring, "aux_data[i + 1 + insn->off].seen", "aux_data[i + insn->off].seen"),
        PassFault(.hardWiring, "ja.off = 0", "(void)0"),
        PassFault(.hardWiring, "return op != BPF_JA", "return false", in: "insn_is_cond_jump"),
        PassFault(.deadCode, "i + j < insn_cnt", "i + j < insn_cnt - 1"),
        PassFault(.deadCode, "if (!j)", "if (j < 2)"),
        PassFault(.deadCode, "env, i, j", "env, i, 1"),
        PassFault(.deadCode, "aux_data[i + j].seen", "aux_data[i].seen"),
        PassFault(.nops, "i--;", "(void)0;"),
        PassFault(.nops, "memcmp(&insn[i], &ja, sizeof(ja))", "insn[i].code != ja.code || insn[i].off > 1"),
        PassFault(.nops, "env, i, 1", "env, i, 2"),
        PassFault(.fastcall, "j <= spills_num", "j < spills_num"),
        PassFault(.fastcall, "*(insn + j) = NOP", "*(insn + 1) = NOP"),
        PassFault(.fastcall, "!subprog->keep_fastcall_stack", "subprog->keep_fastcall_stack"),
        PassFault(.fastcall, "modified = false;\n\t\t}", "\n\t\t}"),
        PassFault(.loops, "subprog_info[callback_subprogno]", "subprog_info[0]", in: "inline_bpf_loop"),
        PassFault(
            .loops, "new_prog->insnsi[call_insn_offset].imm = callback_offset", "(void)callback_offset",
            in: "inline_bpf_loop"),
        PassFault(.loops, "call_insn_offset - 1", "call_insn_offset", in: "inline_bpf_loop"),
        PassFault(.loops, "position + 12", "position + 11", in: "inline_bpf_loop"),
        // The start before patching.
        PassFault(
            .loops, "call_insn_offset = position",
            "callback_start -= callback_start > position ? cnt - 1 : 0;\n"
                + "call_insn_offset = position", in: "inline_bpf_loop"),
        PassFault(.loops, "r8_offset = stack_base + 2", "r8_offset = stack_base + 1", in: "inline_bpf_loop"),
        PassFault(.loops, "*total_cnt = cnt", "*total_cnt = cnt - 1", in: "inline_bpf_loop"),
        PassFault(.loops, "delta     += cnt - 1", "(void)0"),
        PassFault(.loops, "-(stack_depth + stack_depth_extra)", "-stack_depth_extra"),
        PassFault(.loops, "BPF_REG_SIZE * 3 + stack_depth_roundup", "BPF_REG_SIZE * 3"),
        PassFault(.loops, "subprogs[cur_subprog].stack_depth += stack_depth_extra", "(void)0"),
        PassFault(.loops, "inline_state->fit_for_inline", "true"),
        PassFault(.loops, "is_bpf_loop_call(insn) &&", ""),
        PassFault(.loops, "insn       = new_prog->insnsi + i + delta", "(void)0"),
        PassFault(.loops, "env->prog  = new_prog", "(void)0"),
        PassFault(.loops, "cur_subprog++;", "(void)0;"),
        PassFault(.loops, "cur_subprog++;\n\t\t\tstack_depth = subprogs[cur_subprog].stack_depth;", "cur_subprog++;"),
        PassFault(.loops, "stack_depth_extra = 0;\n\t\t}", "}"),
        PassFault(.loops, "env->prog->aux->stack_depth = env->subprog_info[0].stack_depth", "(void)0"),
        PassFault(.upperHalves, "rnd_hi32_patch[3].dst_reg = load_reg", "rnd_hi32_patch[3].dst_reg = insn.dst_reg"),
        PassFault(.upperHalves, "delta += patch_len - 1", "delta += 1"),
        PassFault(.upperHalves, "aux[adj_idx].ptr_type == PTR_TO_CTX", "false"),
        PassFault(.upperHalves, "aux = env->insn_aux_data;\n\t\tdelta", "delta"),
        PassFault(.upperHalves, "!bpf_jit_needs_zext() &&", ""),
        PassFault(.upperHalves, " && !is_cmpxchg_insn(&insn)", ""),
        PassFault(.functionOffsets, "i = 0", "i = 1"),
        PassFault(.functionOffsets, "subprog_info[i].start", "subprog_info[i].linfo_idx"),
        PassFault(.functionOffsets, "env->subprog_cnt - env->hidden_subprog_cnt", "env->subprog_cnt - 1"),
        PassFault(.blinding, "imm_rnd = get_random_u32()", "imm_rnd = 0", in: "bpf_jit_blind_insn"),
        PassFault(.blinding, "off -= 2", "off -= 1", in: "bpf_jit_blind_insn"),
        PassFault(
            .blinding, "BPF_ALU64_IMM(BPF_LSH, BPF_REG_AX, 32)", "BPF_ALU64_IMM(BPF_LSH, BPF_REG_AX, 31)",
            in: "bpf_jit_blind_insn"),
        PassFault(.blinding, "if (emit_zext)", "if (0)", in: "bpf_jit_blind_insn"),
        PassFault(.blinding, "insn++;\n\t\t\ti++;", "", in: "bpf_jit_blind_constants"),
        PassFault(.blinding, "insn_cnt += insn_delta", "(void)0"),
        PassFault(.blinding, "bpf_jit_prog_release_other(prog, clone)", "(void)0"),
        PassFault(.blinding, "fp->aux->prog = fp", "(void)0", in: "bpf_jit_prog_release_other"),
        PassFault(.upperHalves, "zext_patch[1].src_reg = load_reg", "zext_patch[1].src_reg = 0"),
        PassFault(.upperHalves, "zext_patch[1].dst_reg = load_reg", "zext_patch[1].dst_reg = insn.dst_reg"),
    ]

    @Test(
        .enabled(if: KernelSourceTests.versions.contains("6.12"), "linux-source-6.12 is not installed"),
        arguments: faults.indices.filter(isShort))
    func faultIsFound(number: Int) throws { try Self.check(number) }

    /// True for every third fault: a plug-in for each takes minutes. The long tests have the others.
    static func isShort(_ number: Int) -> Bool { number % 3 == 0 }

    /// Builds a plug-in with a fault, and expects a finding.
    static func check(_ number: Int) throws {
        let fault = faults[number]
        let folder = try TestFolder()
        let library = folder.path + "/fault.so"
        try KernelSourceTests.build(
            library, with: fault.new, for: fault.old, in: fault.function, passes: [fault.pass])
        // A fault may read or write freed memory and end its process, which is not that of the tests.
        let run = try TestProcess.run([
            TestProcess.tool, "run", "--seed", "1", "--cases", "4000", "--jobs", "1", "--until-found", "--workload",
            "kernel-passes", "--plugin", library, "--crashes", folder.path + "/crashes",
        ])
        #expect(run.status == 77, "\(fault): \(run)")
    }

    private static func fuzzer(_ seed: UInt64, _ patcher: PluginPatcher) -> Fuzzer {
        Fuzzer(
            seed: seed, workloads: [.kernelPasses], limits: CaseLimits.turns(of: [patcher]), patchers: [patcher],
            failsAllocations: true)
    }

    /// The passes that a tree has.
    private static func passes(of version: String) -> [KernelPass] {
        KernelPass.allCases.filter { version != "6.1" || $0 != .fastcall }
    }

    private static func patcher(_ version: String, _ passes: [KernelPass]) throws -> PluginPatcher {
        let tree = try #require(KernelSourceTests.trees[version]).get()
        let library = NSTemporaryDirectory() + "bpf-patch-fuzz-passes-\(UUID().uuidString).so"
        defer { try? FileManager.default.removeItem(atPath: library) }
        var request = KernelPlugin.Request(output: library)
        request.passes = passes
        _ = try KernelPlugin(of: tree, request)
        return try Plugin(path: library).makePatcher()
    }

    /// Each pass of each kernel runs in most cases, without a finding.
    @Test(arguments: KernelSourceTests.versions) func passesAreRight(version: String) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of KernelPassTests.passesAreRight, \(version): \(seed)")
        for pass in Self.passes(of: version) {
            let patcher = try Self.patcher(version, [pass])
            #expect(patcher.name.hasSuffix("+" + pass.name.replacing("_", with: "-")))
            #expect(patcher.kernel?.passes == [pass])
            var fuzzer = Self.fuzzer(seed, patcher)
            let cases = 3000
            for index in 0..<cases where !fuzzer.run(index: UInt64(index)) {
                Issue.record("\(pass), seed \(seed), index \(index): \(fuzzer.findings.map(\.detail))")
                return
            }
            let ran = fuzzer.ranCases(of: 0)
            print("\(version), \(pass.name): ran in \(ran) of \(cases) cases")
            // Only programs of one function, and of at most 2,048 slots, are blinded.
            #expect(ran * (pass == .blinding ? 16 : 2) > cases, "\(pass), seed \(seed)")
        }
    }

    @Test(.enabled(if: KernelSourceTests.versions.contains("6.1"), "linux-source-6.1 is not installed"))
    func allPassesRunInOneCampaign() throws {
        let passes = Self.passes(of: "6.1")
        let patcher = try Self.patcher("6.1", passes)
        #expect(patcher.name.hasSuffix("+passes") && patcher.kernel?.passes == passes)
        var fuzzer = Self.fuzzer(2, patcher)
        let isClean = (0..<2000).allSatisfy { fuzzer.run(index: $0) }
        #expect(isClean, "\(fuzzer.findings.map(\.detail))")
    }
}

/// The other faults in passes.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct KernelPassEnduranceTests {
    @Test(
        .enabled(if: KernelSourceTests.versions.contains("6.12"), "linux-source-6.12 is not installed"),
        arguments: KernelPassTests.faults.indices.filter { !KernelPassTests.isShort($0) })
    func faultIsFound(number: Int) throws { try KernelPassTests.check(number) }
}
