import BPF
import CBPFPatcher
import Foundation
import Fuzzing
import Patching
import Testing

@testable import Plugins

/// The functions of real kernels, where Debian's source packages are installed.
@Suite(.serialized) struct KernelSourceTests {
    private static let versions = ["6.1", "6.12"].filter { FileManager.default.fileExists(atPath: archive($0)) }

    private static func archive(_ version: String) -> String { "/usr/src/linux-source-\(version).tar.xz" }

    /// A plug-in of each, made once; unpacking takes seconds.
    private static let libraries: [String: Result<(plugin: KernelPlugin, library: String), any Error>] =
        Dictionary(
            uniqueKeysWithValues: versions.map { version in
                let library = NSTemporaryDirectory() + "bpf-patch-fuzz-tests-kernel-\(version).so"
                return (
                    version,
                    Result { (try KernelPlugin(of: try trees[version]!.get(), output: library), library) }
                )
            })

    private static let trees: [String: Result<KernelTree, any Error>] =
        Dictionary(
            uniqueKeysWithValues: versions.map { version in (version, Result { try KernelTree(path: archive(version)) })
            })

    private func patcher(_ version: String) throws -> KernelPluginPatcher {
        let library = try #require(KernelSourceTests.libraries[version]).get().library
        return try #require(KernelPluginPatcher(path: library))
    }

    @Test(
        .enabled(if: !versions.isEmpty, "neither linux-source-6.1 nor linux-source-6.12 is installed"),
        arguments: versions)
    func functionsAreTakenFromWhereTheyAre(version: String) throws {
        let plugin = try #require(KernelSourceTests.libraries[version]).get().plugin
        #expect(plugin.release.hasPrefix("\(version)."))
        #expect(plugin.name == "kernel-\(plugin.release)")
        let places = Dictionary(plugin.functions.map { ($0.name, String($0.place.prefix { $0 != ":" })) }) { one, _ in
            one
        }
        #expect(places["bpf_patch_insn_single"] == "kernel/bpf/core.c")
        #expect(places["bpf_patch_insn_data"] == "kernel/bpf/verifier.c")
        #expect(places["bpf_adj_branches"] == "kernel/bpf/core.c")
        #expect((places["adjust_jmp_off"] == nil) == (version == "6.1"))
        #expect(plugin.functions.count < 40)
    }

    @Test(
        .enabled(if: !versions.isEmpty, "neither linux-source-6.1 nor linux-source-6.12 is installed"),
        arguments: versions)
    func vectorsInsideTheContractAreMet(version: String) throws {
        let patcher = try patcher(version)
        var runner = CaseRunner([patcher])
        for file in ["passes.jsonl", "far.jsonl", "corners.jsonl"] {
            let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("Vectors/\(file)")
            for c in try ScriptLine.parseAll(try String(contentsOf: path, encoding: .utf8), file: file) {
                let outcome = try runner.run(c)
                #expect(outcome.findings.isEmpty, "\(file), \(c.name): \(outcome.findings)")
                #expect(c.expected?.agrees(with: outcome.expected) == true, "\(file), \(c.name)")
            }
        }
        #expect(patcher.asked > 2000)
        #expect(patcher.oddities.isEmpty)
    }

    @Test(
        .enabled(if: !versions.isEmpty, "neither linux-source-6.1 nor linux-source-6.12 is installed"),
        arguments: versions, [UInt32(0), 5])
    func randomCasesInsideTheContractAreMet(version: String, failOneIn: UInt32) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let patcher = try patcher(version)
        patcher.failOneIn = failOneIn
        let failed = patcher.failedAllocations
        var fuzzer = Fuzzer(seed: seed, patchers: [patcher])
        for index in 0..<8000 {
            if !fuzzer.run(index: UInt64(index)) {
                Issue.record("seed \(seed), index \(index): \(fuzzer.findings.map(\.detail))")
                return
            }
        }
        #expect(patcher.asked > 1000, "seed \(seed)")
        #expect(patcher.oddities.isEmpty, "seed \(seed)")
        #expect((patcher.failedAllocations > failed) == (failOneIn > 0), "seed \(seed)")
    }

    /// Faults to plant: the first time that a sign or name stands in a function, something else stands there.
    private static let faults: [(function: String, old: String, new: String)] = [
        ("adjust_poke_descs", "<= off", "< off"),
        ("adjust_subprog_starts", "<= off", "< off"),
        ("adjust_jmp_off", "+ delta", "+ delta + 1"),
        ("bpf_adj_delta_to_off", "end_new)", "end_old)"),
    ]

    @Test(.enabled(if: versions.contains("6.12"), "linux-source-6.12 is not installed"), arguments: faults.indices)
    func plantedFaultIsFound(number: Int) throws {
        let fault = KernelSourceTests.faults[number]
        var tree = try #require(KernelSourceTests.trees["6.12"]).get()
        var planted = 0
        for (place, source) in tree.sources.enumerated() where source.name.hasPrefix("kernel/") {
            let file = CFile(name: source.name, bytes: source.bytes, number: 0, defined: [])
            guard let function = file.definitions.first(where: { $0.kind == .function && $0.name == fault.function }),
                let old = file.text(function.range).range(of: fault.old)
            else { continue }
            let text = file.text(function.range).replacingCharacters(in: old, with: fault.new)
            tree.sources[place].bytes.replaceSubrange(function.range, with: text.utf8)
            planted += 1
        }
        try #require(planted == 1)
        let library = NSTemporaryDirectory() + "bpf-patch-fuzz-fault-\(UUID().uuidString).so"
        defer { try? FileManager.default.removeItem(atPath: library) }
        _ = try KernelPlugin(of: tree, output: library)
        let patcher = try #require(KernelPluginPatcher(path: library))
        var fuzzer = Fuzzer(seed: 1, patchers: [patcher])
        #expect((0..<4000).contains { !fuzzer.run(index: $0) }, "\(fault)")
    }
}
