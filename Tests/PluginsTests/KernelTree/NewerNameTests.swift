import Foundation
import Fuzzing
import Patching
import Testing

@testable import Plugins

/// Passes of a tree whose functions have the names of 2026.
@Suite struct NewerNameTests {
    private static let fixups = "kernel/bpf/fixups.c"
    private static let passes: [KernelPass] = [.sanitizing, .deadCode, .nops]

    /// The findings of the first case with one, or an empty list, and the number of cases that ran.
    private static func findings(_ plugin: Plugin, cases: Int) -> (buckets: [String], ran: Int) {
        let patcher = plugin.makePatcher()
        var fuzzer = Fuzzer(
            seed: 5, workloads: [.kernelPasses], limits: CaseLimits.turns(of: [patcher]), patchers: [patcher],
            failsAllocations: true)
        for index in 0..<UInt64(cases) where !fuzzer.run(index: index) {
            return (fuzzer.findings.map(\.bucket), fuzzer.ranCases(of: 0))
        }
        return ([], fuzzer.ranCases(of: 0))
    }

    @Test(arguments: passes) func functionWithThePrefixIsRun(pass: KernelPass) throws {
        let plugin = try ExampleTree(ExampleTree.newerFields).build(running: [pass])
        let patcher = plugin.makePatcher()
        #expect(patcher.name == "kernel-7.9.0-newer-fields+" + pass.name.replacing("_", with: "-"))
        #expect(patcher.kernel?.passes == [pass])
        let (buckets, ran) = Self.findings(plugin, cases: 1500)
        #expect(buckets.isEmpty && ran > 750, "\(pass): ran in \(ran) cases, \(buckets)")
    }

    /// Faults in the passes of the tree.
    private static let faults: [(pass: KernelPass, old: String, new: String)] = [
        (.nops, "&& !insn->off", ""), (.nops, "at = 0", "at = 1"), (.nops, "list, at, 1", "list, at, 2"),
        (.deadCode, "!aux[end].seen", "!aux[end].seen && end % 5"), (.deadCode, "at = end + 1", "at = end + 2"),
        (.deadCode, "end > at", "end > at + 1"), (.sanitizing, ".off = -1", ".off = 0"),
        (.sanitizing, "zext_dst = false", "zext_dst = true"),
    ]

    @Test(arguments: faults.indices) func plantedFaultIsFound(number: Int) throws {
        let fault = Self.faults[number]
        let tree = try ExampleTree(ExampleTree.newerFields)
        try tree.replace(fault.old, by: fault.new, in: Self.fixups)
        let buckets = Self.findings(try tree.build(running: [fault.pass]), cases: 1500).buckets
        #expect(!buckets.isEmpty, "\(fault)")
    }

    /// A function with the usual name wins, and one with another name is not guessed.
    @Test func otherNamesAreNotGuessed() throws {
        let tree = try ExampleTree(ExampleTree.newerFields)
        let error = #expect(throws: PluginError.self) { try tree.build(running: [.fastcall]) }
        let words = "has no remove_fastcall_spills_fills() and no bpf_remove_fastcall_spills_fills(), or has it under"
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        try tree.replace("bpf_opt_remove_nops(", by: "bpf_remove_all_nops(", in: Self.fixups)
        #expect(throws: PluginError.self) { try tree.build(running: [.nops]) }
        try tree.replace("bpf_remove_all_nops(", by: "opt_remove_nops(", in: Self.fixups)
        #expect(Self.findings(try tree.build(running: [.nops]), cases: 500).buckets.isEmpty)
    }

    /// `--pass` takes the names of both times, and that of the function that writes the loops.
    @Test func passesHaveTwoNames() {
        for pass in KernelPass.allCases {
            #expect(KernelPass(name: pass.name) == pass && KernelPass(name: pass.newerName) == pass)
        }
        #expect(KernelPass(name: "bpf_opt_remove_nops") == .nops)
        #expect(KernelPass(name: "inline_bpf_loop") == .loops)
        #expect(KernelPass(name: "bpf_sanitize_dead_code") == nil)
    }
}
