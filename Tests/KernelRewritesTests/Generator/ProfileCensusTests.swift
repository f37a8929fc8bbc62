import BPF
import Testing

@testable import KernelRewrites

/// What is rewritten for each profile must stand in live code of its programs.
@Suite struct ProfileCensusTests {
    /// A row of the table: how often an instruction must be met in live code of 200 programs.
    struct Row: Sendable, CustomTestStringConvertible {
        var profile: ProgramProfile
        var what: String
        var least: Int
        var isMet: @Sendable (Instruction) -> Bool

        var testDescription: String { "\(profile.rawValue): \(what)" }
    }

    private static func helper(_ number: Int32) -> @Sendable (Instruction) -> Bool {
        { $0.code == 0x85 && $0.src == 0 && $0.imm == number }
    }

    static let rows: [Row] = [
        Row(profile: .jumps, what: "goto", least: 300) { $0.code == 0x05 && $0.off != 0 },
        Row(profile: .jumps, what: "a conditional jump backward", least: 50) {
            $0.jumpKind == .short && $0.code != 0x05 && $0.off < 0
        },
        Row(profile: .jumps, what: "a jump of the 32-bit class", least: 300) { $0.code & 7 == 6 && $0.code != 0x06 },
        Row(profile: .gotol, what: "gotol forward", least: 300) { $0.code == 0x06 && $0.imm > 0 },
        Row(profile: .gotol, what: "gotol backward", least: 50) { $0.code == 0x06 && $0.imm < 0 },
        Row(profile: .nops, what: "goto +0", least: 1000) { $0.code == 0x05 && $0.off == 0 },
        Row(profile: .calls, what: "a call forward", least: 300) { $0.jumpKind == .call && $0.imm >= 0 },
        Row(profile: .calls, what: "a call backward", least: 300) { $0.jumpKind == .call && $0.imm < 0 },
        Row(profile: .mayGoto, what: "may_goto forward", least: 500) { $0.code == 0xe5 && $0.off > 0 },
        Row(profile: .mayGoto, what: "may_goto backward", least: 100) { $0.code == 0xe5 && $0.off < 0 },
        Row(profile: .loop, what: "bpf_loop", least: 150, isMet: helper(181)),
        Row(profile: .loop, what: "a pseudo function backward", least: 20) { $0.jumpKind == .function && $0.imm < 0 },
        Row(profile: .timer, what: "bpf_timer_set_callback", least: 100, isMet: helper(170)),
        Row(profile: .timer, what: "bpf_for_each_map_elem", least: 100, isMet: helper(164)),
        Row(profile: .fastcall, what: "a spill", least: 500) { $0.code == 0x7b && $0.dst == 10 },
        Row(profile: .rndHi32, what: "a 32-bit result", least: 500) { $0.code == 0xb4 && $0.dst < 6 },
        Row(profile: .zext, what: "a 32-bit compare and exchange", least: 500) { $0.code == 0xc3 && $0.imm == 0xf1 },
        Row(profile: .context, what: "a load of a byte of the context", least: 200) { $0.code == 0x71 && $0.src == 6 },
        Row(profile: .context, what: "a store to the context", least: 200) { $0.code & 3 == 2 && $0.dst == 6 },
        Row(profile: .packetWrite, what: "a store to the packet", least: 300) {
            ($0.code == 0x62 || $0.code == 0x7b) && $0.dst == 1
        },
        Row(profile: .loadAbsolute, what: "ld_abs", least: 500) { $0.code & 0xe7 == 0x20 },
        Row(profile: .loadAbsolute, what: "ld_ind", least: 500) { $0.code & 0xe7 == 0x40 },
        Row(profile: .division, what: "unsigned division", least: 100) { $0.code == 0x3f && $0.off == 0 },
        Row(profile: .division, what: "signed 32-bit modulo", least: 100) { $0.code == 0x9c && $0.off == 1 },
        Row(profile: .division, what: "division by -1", least: 50) { $0.code == 0x37 && $0.imm == -1 },
        Row(profile: .mapLookup, what: "a look-up", least: 500, isMet: helper(1)),
        Row(profile: .context, what: "a load of a byte of the context with its sign", least: 50) {
            $0.code == 0x91 && $0.src == 6
        },
        Row(profile: .mapLookup, what: "map_update_elem", least: 50, isMet: helper(2)),
        Row(profile: .mapLookup, what: "map_delete_elem", least: 30, isMet: helper(3)),
        Row(profile: .mapLookup, what: "map_push_elem", least: 20, isMet: helper(87)),
        Row(profile: .mapLookup, what: "map_pop_elem", least: 20, isMet: helper(88)),
        Row(profile: .mapLookup, what: "map_peek_elem", least: 20, isMet: helper(89)),
        Row(profile: .mapLookup, what: "map_lookup_percpu_elem", least: 50, isMet: helper(195)),
        Row(profile: .mapLookup, what: "redirect_map", least: 10, isMet: helper(51)),
        Row(profile: .helpers, what: "get_current_task", least: 50, isMet: helper(35)),
        Row(profile: .helpers, what: "get_current_task_btf", least: 50, isMet: helper(158)),
        Row(profile: .helpers, what: "sk_storage_get", least: 20, isMet: helper(107)),
        Row(profile: .helpers, what: "cgrp_storage_get", least: 20, isMet: helper(210)),
        Row(profile: .kptr, what: "bpf_per_cpu_ptr", least: 100, isMet: helper(153)),
        Row(profile: .kernelFunctions, what: "spin_lock", least: 50, isMet: helper(93)),
        Row(profile: .tracing, what: "bpf_get_func_ret", least: 20, isMet: helper(184)),
        Row(profile: .helpers, what: "bpf_jiffies64", least: 500, isMet: helper(118)),
        Row(profile: .helpers, what: "bpf_get_smp_processor_id", least: 500, isMet: helper(8)),
        Row(profile: .tailCall, what: "a tail call", least: 500, isMet: helper(12)),
        Row(profile: .kernelFunctions, what: "a kernel function", least: 500) { $0.code == 0x85 && $0.src == 2 },
        Row(profile: .exception, what: "a kernel function", least: 300) { $0.code == 0x85 && $0.src == 2 },
        Row(profile: .tracing, what: "bpf_get_func_arg", least: 50, isMet: helper(183)),
        Row(profile: .tracing, what: "bpf_get_branch_snapshot", least: 100, isMet: helper(176)),
        Row(profile: .kptr, what: "bpf_kptr_xchg", least: 300, isMet: helper(194)),
        Row(profile: .kptr, what: "bpf_this_cpu_ptr", least: 300, isMet: helper(154)),
        Row(profile: .speculation, what: "a spilled pointer", least: 300) {
            $0.code == 0x7b && $0.dst == 10 && $0.off == -16
        },
        Row(profile: .blinding, what: "a constant", least: 1000) { $0.imm > 0xffff },
    ]

    /// The kernel functions that the kernel inlines, gives hidden arguments, or replaces.
    @Test func kernelFunctionsAreCalled() {
        let wanted = [
            "bpf_cast_to_kern_ctx", "bpf_rdonly_cast", "bpf_obj_new_impl", "bpf_obj_drop_impl",
            "bpf_percpu_obj_new_impl", "bpf_percpu_obj_drop_impl", "bpf_refcount_acquire_impl",
            "bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_rbtree_add_impl", "bpf_wq_set_callback_impl",
            "bpf_dynptr_from_skb",
        ]
        var generator = KernelProgramGenerator(seed: 3, profiles: [.kernelFunctions], facts: .whole)
        var counts: [String: Int] = [:]
        for index in UInt64(0)..<400 {
            let program = generator.make(index: index)
            for (slot, insn) in program.loadable.program.insns.enumerated()
            where program.live[slot] && insn.code == 0x85 && insn.src == 2 {
                counts[program.loadable.kernelFunctions[Int(insn.imm)], default: 0] += 1
            }
        }
        for name in wanted { #expect(counts[name, default: 0] >= 10, "\(name): \(counts[name, default: 0])") }
    }

    @Test(arguments: rows) func profilesGiveWhatTheyAreFor(_ row: Row) {
        var generator = KernelProgramGenerator(seed: 3, profiles: [row.profile], facts: .whole)
        var met = 0
        for index in 0..<200 as Range<UInt64> {
            let program = generator.make(index: index)
            for (slot, insn) in program.loadable.program.insns.enumerated() where program.live[slot] && row.isMet(insn)
            {
                met += 1
            }
        }
        #expect(met >= row.least, "\(met)")
    }

    /// How many programs of a profile have something, of 200.
    private func share(_ profile: ProgramProfile, _ has: (GeneratedProgram) -> Bool) -> Int {
        var generator = KernelProgramGenerator(seed: 3, profiles: [profile], facts: .whole)
        return (0..<200).count { has(generator.make(index: $0)) }
    }

    @Test func deadCodeIsDeadInRunsOfManyLengths() {
        var generator = KernelProgramGenerator(seed: 3, profiles: [.deadCode], facts: .whole)
        var lengths: Set<Int> = []
        for index in 0..<200 as Range<UInt64> {
            var run = 0
            for isLive in generator.make(index: index).live {
                if isLive && run > 0 { lengths.insert(run) }
                run = isLive ? 0 : run + 1
            }
        }
        #expect(lengths.isSuperset(of: 1...20), "\(lengths.sorted())")
    }

    @Test func subprogramsAreManyAndSomeDead() {
        #expect(share(.subprograms) { $0.loadable.program.subprograms.count > 60 } >= 2)
        var generator = KernelProgramGenerator(seed: 3, profiles: [.subprograms, .deadCode], facts: .whole)
        var dead = 0
        for index in 0..<200 as Range<UInt64> {
            let program = generator.make(index: index)
            dead += program.loadable.program.subprograms.count { !program.live[Int($0.start)] }
        }
        #expect(dead > 100)
    }

    @Test func flagsAndTrustFollowProfiles() {
        #expect(share(.rndHi32) { $0.loadable.flags.contains(.testRndHi32) } == 200)
        #expect(share(.division) { $0.loadable.flags.contains(.testRndHi32) } == 0)
        #expect(share(.speculation) { $0.loadable.privilege == .bpf } == 200)
        #expect(share(.blinding) { $0.loadable.program.subprograms.count == 1 } == 200)
        #expect(share(.context) { $0.loadable.type == .sockOps } > 2)
    }
}
