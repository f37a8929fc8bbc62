import BPF
import Foundation
import Fuzzing
import Patching
import Synchronization
import TestSupport
import Testing

@testable import Plugins

/// The functions of real kernels, if Debian's source packages are installed.
@Suite(.serialized) struct KernelSourceTests {
    static let versions = ["6.1", "6.12"].filter { FileManager.default.fileExists(atPath: archive($0)) }

    private static func archive(_ version: String) -> String { "/usr/src/linux-source-\(version).tar.xz" }

    /// The functions of 6.1, declared as 6.12. They handle most opcodes that 6.1 lacks correctly.
    private static let renamed = "6.1 as 6.12"
    private static let kernels = versions + (versions.contains("6.1") ? [renamed] : [])

    /// The kernel of the short tests. Unpacking is slow, so only the long tests use the others.
    static let newest = Array(versions.suffix(1))
    static let others = kernels.filter { !newest.contains($0) }

    /// A value that is computed at its first use, since unpacking takes seconds.
    final class Lazy<Value: Sendable>: Sendable {
        private let value = Mutex<Result<Value, any Error>?>(nil)
        private let make: @Sendable () throws -> Value

        init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

        func get() throws -> Value {
            try value.withLock { value in
                let made = value ?? Result { try make() }
                value = made
                return made
            }.get()
        }
    }

    /// The statement after which upstream moves `func_info_aux` along, and Debian's 6.1 and 6.12 do not.
    private static let count = "aux->func_info_cnt -= j - i;"

    /// A tree with the fault in `func_info_aux` repaired, so that it does not hide others.
    private static func repaired(_ tree: KernelTree) -> KernelTree {
        var tree = tree
        let repair =
            "memmove(aux->func_info_aux + i, aux->func_info_aux + j, sizeof(*aux->func_info_aux) * move); \(count)"
        for number in tree.sources.indices where tree.sources[number].name == "kernel/bpf/verifier.c" {
            let text = String(decoding: tree.sources[number].bytes, as: UTF8.self)
            tree.sources[number].bytes = Array(text.replacing(count, with: repair).utf8)
        }
        return tree
    }

    static let trees: [String: Lazy<KernelTree>] = {
        var trees = Dictionary(
            uniqueKeysWithValues: versions.map { version in
                (version, Lazy { repaired(try KernelTree(path: archive(version))) })
            }
        )
        if let old = trees["6.1"] {
            trees[renamed] = Lazy {
                var tree = try old.get()
                tree.release = "6.12.0"
                return tree
            }
        }
        return trees
    }()

    /// The plug-in of each kernel.
    private static let libraries = Dictionary(
        uniqueKeysWithValues: trees.map { kernel, tree in
            (
                kernel,
                Lazy {
                    let file = kernel.replacingOccurrences(of: " ", with: "-")
                    let library = NSTemporaryDirectory() + "bpf-patch-fuzz-tests-kernel-\(file).so"
                    return (plugin: try KernelPlugin(of: tree.get(), output: library), library: library)
                }
            )
        })

    private static func plugin(_ kernel: String) throws -> Plugin {
        try Plugin(path: try #require(KernelSourceTests.libraries[kernel]).get().library)
    }

    @Test(
        .enabled(if: !versions.isEmpty, "neither linux-source-6.1 nor linux-source-6.12 is installed"),
        arguments: newest)
    func functionsComeFromTheirFiles(version: String) throws { try Self.checkFunctions(of: version) }

    /// Checks that the functions of a release are found in their files.
    static func checkFunctions(of version: String) throws {
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

    @Test(.enabled(if: versions.contains("6.12"), "linux-source-6.12 is not installed"))
    func forgottenTableIsFound() throws {
        let plugin = try plugin(
            with: Self.count,
            for:
                "memmove(aux->func_info_aux + i, aux->func_info_aux + j, sizeof(*aux->func_info_aux) * move); \(Self.count)",
            in: "adjust_subprog_starts_after_remove")
        let patcher = plugin.makePatcher()
        var fuzzer = Fuzzer(seed: 1, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
        let index = try #require((0..<1000).first { !fuzzer.run(index: $0) })
        #expect(fuzzer.findings.contains { $0.bucket.contains("/error/stale-table-func-info-aux/") }, "index \(index)")
        #expect(fuzzer.findings.contains { $0.detail.contains("func_info_aux[") }, "\(fuzzer.findings.map(\.detail))")
    }

    /// The least number of passes that each kernel must get. Many contain opcodes that 6.1 does not define.
    private static let vectors = ["6.1": 1400, renamed: 2200, "6.12": 2900]

    @Test(
        .enabled(if: !versions.isEmpty, "neither linux-source-6.1 nor linux-source-6.12 is installed"),
        arguments: newest)
    func vectorsInsideTheContractPass(kernel: String) throws { try Self.checkVectors(kernel) }

    /// Checks the functions of a kernel against all vectors.
    static func checkVectors(_ kernel: String) throws {
        let patcher = try Self.plugin(kernel).makePatcher(options: Plugin.Options(runsEveryPassTwice: true))
        var runner = CaseRunner([patcher])
        var given = 0
        for file in ["passes.jsonl", "far.jsonl", "corners.jsonl"] {
            let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("Vectors/\(file)")
            for c in try ScriptLine.parseAll(try String(contentsOf: path, encoding: .utf8), file: file) {
                var program = c.program
                var expected: Case.Expectation?
                // One pass at a time, to count the passes that run.
                for pass in c.passes {
                    let spared = runner.skippedCases(of: 0)
                    let outcome = try runner.run(Case(program: program, passes: [pass]))
                    #expect(outcome.findings.isEmpty, "\(file), \(c.name): \(outcome.findings)")
                    #expect(patcher.violation == nil, "\(file), \(c.name)")
                    // Malformed passes do not run.
                    if runner.skippedCases(of: 0) == spared && outcome.status != .einval { given += 1 }
                    expected = outcome.expected
                    guard case .result(let insns?, let aux?, let subprograms?, let lines?) = outcome.expected else {
                        break
                    }
                    program = Program(insns: insns, aux: aux, subprograms: subprograms, lines: lines)
                }
                #expect(expected.map { c.expected?.agrees(with: $0) } == true, "\(file), \(c.name)")
            }
        }
        #expect(given > (vectors[kernel] ?? .max))
    }

    @Test(
        .enabled(if: !versions.isEmpty, "neither linux-source-6.1 nor linux-source-6.12 is installed"),
        arguments: newest, [UInt32(0), 5])
    func randomCasesInsideTheContractPass(kernel: String, failOneIn: UInt32) throws {
        try Self.checkRandomCases(1500, kernel, failOneIn: failOneIn)
    }

    /// Checks the functions of a kernel against random cases, with one failing allocation in `failOneIn`.
    static func checkRandomCases(_ cases: Int, _ kernel: String, failOneIn: UInt32) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let plugin = try plugin(kernel)
        let patcher = plugin.makePatcher(options: Plugin.Options(failAlloc: failOneIn))
        let failed = plugin.failedAllocs
        var fuzzer = Fuzzer(seed: seed, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
        var given = 0
        for index in 0..<cases {
            let spared = fuzzer.skippedCases(of: 0)
            if !fuzzer.run(index: UInt64(index)) {
                Issue.record("seed \(seed), index \(index): \(fuzzer.findings.map(\.detail))")
                return
            }
            // A malformed pass does not run and ends its case.
            if fuzzer.skippedCases(of: 0) == spared && fuzzer.status != .einval { given += fuzzer.passCount }
            if let violation = patcher.violation {
                Issue.record("seed \(seed), index \(index): \(violation.detail)")
                return
            }
        }
        #expect(given * 4 > cases * 5, "seed \(seed)")
        #expect((plugin.failedAllocs > failed) == (failOneIn > 0), "seed \(seed)")
    }

    /// Faults to inject: the first occurrence of the old text in a function is replaced.
    private static let faults: [(function: String, old: String, new: String)] = [
        ("adjust_poke_descs", "<= off", "< off"),
        ("adjust_subprog_starts", "<= off", "< off"),
        ("adjust_jmp_off", "+ delta", "+ delta + 1"),
        ("bpf_adj_delta_to_off", "end_new)", "end_old)"),
    ]

    private func plugin(with new: String, for old: String, in function: String) throws -> Plugin {
        try Self.plugin(with: new, for: old, in: function)
    }

    /// A plug-in of 6.12 with the first occurrence of a text in a function replaced.
    private static func plugin(with new: String, for old: String, in function: String) throws -> Plugin {
        let library = NSTemporaryDirectory() + "bpf-patch-fuzz-fault-\(UUID().uuidString).so"
        defer { try? FileManager.default.removeItem(atPath: library) }
        try build(library, with: new, for: old, in: function)
        return try Plugin(path: library)
    }

    /// Builds a plug-in of 6.12 with the first occurrence of a text in a function replaced.
    ///
    /// - Parameter passes: the passes of the kernel to run in place of edits
    static func build(
        _ library: String, with new: String, for old: String, in function: String, passes: [KernelPass] = []
    ) throws {
        var tree = try #require(KernelSourceTests.trees["6.12"]).get()
        var injected = 0
        for (place, source) in tree.sources.enumerated()
        where source.name.hasPrefix("kernel/") && Data(source.bytes).range(of: Data(function.utf8)) != nil {
            let file = CFile(source, number: 0)
            guard let function = file.definitions.first(where: { $0.kind == .function && $0.name == function }),
                let old = file.text(function.range).range(of: old)
            else { continue }
            let text = file.text(function.range).replacingCharacters(in: old, with: new)
            tree.sources[place].bytes.replaceSubrange(function.range, with: text.utf8)
            injected += 1
        }
        try #require(injected == 1)
        var request = KernelPlugin.Request(output: library, optimizing: false)
        request.passes = passes
        _ = try KernelPlugin(of: tree, request)
    }

    @Test(.enabled(if: versions.contains("6.12"), "linux-source-6.12 is not installed"), arguments: faults.indices)
    func injectedFaultIsFound(number: Int) throws {
        let fault = KernelSourceTests.faults[number]
        let patcher = try plugin(with: fault.new, for: fault.old, in: fault.function).makePatcher()
        var fuzzer = Fuzzer(seed: 1, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
        #expect((0..<4000).contains { !fuzzer.run(index: $0) }, "\(fault)")
    }

    /// Calls that free memory. Some run only if a patch is refused.
    private static let frees: [(function: String, free: String)] = [
        ("bpf_patch_insn_data", "vfree(new_data)"), ("adjust_insn_aux_data", "vfree(old_data)"),
        ("__bpf_prog_free", "vfree(fp)"),
    ]

    @Test(
        .enabled(if: versions.contains("6.12"), "linux-source-6.12 is not installed"), arguments: frees.indices)
    func leakIsFound(number: Int) throws {
        let (function, free) = KernelSourceTests.frees[number]
        let plugin = try plugin(with: "(void)0", for: free, in: function)
        for failOneIn in [0, 5] as [UInt32] {
            try expectLeak(plugin.makePatcher(options: Plugin.Options(failAlloc: failOneIn)))
        }
    }

    private func expectLeak(_ patcher: PluginPatcher) throws {
        var fuzzer = Fuzzer(seed: 1, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
        let first = try #require((0..<4000).first { !fuzzer.run(index: $0) })
        let buckets = fuzzer.findings.map(\.bucket)
        #expect(buckets.allSatisfy { $0.contains("/error/leak/") }, "\(buckets)")
        // The case alone is the same finding, independent of earlier leaks.
        var other = Fuzzer(seed: 1, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
        let isClean = other.run(index: first)
        #expect(!isClean)
        #expect(other.findings.map(\.bucket) == buckets)
    }

    @Test(.enabled(if: versions.contains("6.12"), "linux-source-6.12 is not installed"))
    func rangeErrorIsKnownWithoutItsMessage() throws {
        let patcher = try plugin(with: "if (0)", for: "if (PTR_ERR(new_prog) == -ERANGE)", in: "bpf_patch_insn_data")
            .makePatcher()
        var fuzzer = Fuzzer(seed: 1, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
        let isClean = (0..<1000).allSatisfy { fuzzer.run(index: $0) }
        #expect(isClean, "\(fuzzer.findings.map(\.detail))")
    }
}

/// The same tests with more random cases and the other kernels.
@Suite(
    .serialized,
    .enabled(if: LongTests.areWanted, "\(LongTests.reason)"),
    .enabled(
        if: !KernelSourceTests.versions.isEmpty, "neither linux-source-6.1 nor linux-source-6.12 is installed"))
struct KernelSourceEnduranceTests {
    @Test(arguments: KernelSourceTests.versions) func functionsComeFromTheirFiles(version: String) throws {
        try KernelSourceTests.checkFunctions(of: version)
    }

    @Test(arguments: KernelSourceTests.others) func vectorsInsideTheContractPass(kernel: String) throws {
        try KernelSourceTests.checkVectors(kernel)
    }

    @Test(arguments: KernelSourceTests.newest + KernelSourceTests.others, [UInt32(0), 5])
    func randomCasesInsideTheContractPass(kernel: String, failOneIn: UInt32) throws {
        try KernelSourceTests.checkRandomCases(8000, kernel, failOneIn: failOneIn)
    }
}
