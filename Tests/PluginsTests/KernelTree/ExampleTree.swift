import Foundation
import Fuzzing
import Patching

@testable import Plugins

/// A tree of `Tests/Plugins` with an interface of its own and the adapter for it.
///
/// A copy in a temporary folder, in which text can be replaced.
struct ExampleTree: ~Copyable {
    /// The single-pass patcher, the worked example of the documentation.
    static let singlePass = "SinglePass"
    /// The same patcher with the fields of rows and tables that kernels of 2026 have.
    static let newerFields = "NewerTree"

    private static let plugins = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Plugins").path

    static let adapter = "\(plugins)/\(singlePass)/adapter.c"
    static let code = "kernel/bpf/patch_list.c"

    let path = NSTemporaryDirectory() + "bpf-patch-fuzz-example-\(UUID().uuidString)"

    init(_ name: String) throws { try FileManager.default.copyItem(atPath: "\(Self.plugins)/\(name)", toPath: path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Replaces the first occurrence of a text in a file.
    func replace(_ old: String, by new: String, in name: String = code) throws {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        var text = try String(contentsOf: file, encoding: .utf8)
        guard let range = text.range(of: old) else { preconditionFailure("the code has no '\(old)'") }
        text.replaceSubrange(range, with: new)
        try Data(text.utf8).write(to: file)
    }

    /// Builds the plug-in and loads it.
    func build() throws -> Plugin {
        let library = "\(path)/plugin.so"
        _ = try KernelPlugin(
            of: KernelTree(path: path), .init(output: library, adapter: Self.adapter, optimizing: false))
        return try Plugin(path: library)
    }

    /// Builds a plug-in that runs passes of the tree, and loads it.
    func build(running passes: [KernelPass]) throws -> Plugin {
        var request = KernelPlugin.Request(output: "\(path)/passes.so", optimizing: false)
        request.passes = passes
        _ = try KernelPlugin(of: KernelTree(path: path), request)
        return try Plugin(path: request.output)
    }

    /// The buckets of the first case of a campaign with a finding; `nil` if there is none.
    static func findings(of plugin: Plugin, cases: UInt64, failAlloc: UInt32 = 0) -> [String]? {
        let patcher = plugin.makePatcher(options: Plugin.Options(failAlloc: failAlloc))
        var fuzzer = Fuzzer(seed: 7, limits: CaseLimits.turns(of: [patcher]), patchers: [patcher])
        for index in 0..<cases where !fuzzer.run(index: index) { return fuzzer.findings.map(\.bucket) }
        return nil
    }
}
