import BPF
import Foundation
import Patching
import Plugins
import Testing

/// Loading plug-ins: errors and descriptions.
struct LoadingTests {
    /// A plug-in with some struct fields. The last value of a repeated field counts.
    private static func text(_ fields: String, and more: String = "") -> String {
        """
        #include <stddef.h>
        #include "bpf_patcher_kernel.h"
        static int apply(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
                         struct bpf_patcher_image *out) { return 0; }
        const struct bpf_patcher *bpf_patcher_v1(void)
        {
            static const struct bpf_patcher patcher = { \(fields) };
            return &patcher;
        }
        \(more)
        """
    }

    private static func kernel(_ value: String) -> String {
        text(
            ".abi = 1, .name = \"mine\", .apply = apply",
            and: """
                const struct bpf_patcher_kernel *bpf_patcher_kernel_v2(void)
                {
                    static const struct bpf_patcher_kernel kernel = { \(value) };
                    return \(value.isEmpty ? "NULL" : "&kernel");
                }
                """)
    }

    /// C text, and a part of the error.
    private static let refusals: [(text: String, words: String)] = [
        ("int other;", "does not export bpf_patcher_v1()"),
        (
            "#include <stddef.h>\n#include \"bpf_patcher.h\"\nconst struct bpf_patcher *bpf_patcher_v1(void) { return NULL; }",
            "returns NULL"
        ),
        (text(".abi = 2, .name = \"mine\", .apply = apply"), "is for version 2 of the ABI, and this is version 1"),
        (text(".abi = 1, .name = apply ? \"mine\" : NULL"), "returns no apply()"),
        (text(".abi = 1, .apply = apply"), "returns no name"),
        (text(".abi = 1, .name = \"\", .apply = apply"), "returns no name"),
        (text(".abi = 1, .name = \"Mine/1\", .apply = apply"), "its name 'Mine/1' is used in file names"),
        (text(".abi = 1, .name = \"taken\", .apply = apply"), "its name 'taken' is that of another patcher"),
        (kernel(""), "bpf_patcher_kernel_v2() returns NULL"),
        (kernel(".abi = 3, .release = \"6.12.1\""), "bpf_patcher_kernel_v2() is for version 3"),
        (kernel(".abi = 1, .release = \"linux\""), "returns the release 'linux'"),
    ]

    /// The error for a file, or `nil`.
    private func refusal(of path: String) -> String? {
        do {
            _ = try Plugin(path: path, reserved: ["taken"])
            return nil
        } catch { return error.description }
    }

    @Test(arguments: refusals.indices) func brokenPluginIsRefusedInOneLine(_ number: Int) throws {
        let (text, words) = LoadingTests.refusals[number]
        let built = try BuiltPlugin(text: text, flags: ["-w"])
        let line = try #require(refusal(of: built.path), "accepted: \(text)")
        #expect(line.hasPrefix("\(built.path): ") && line.contains(words) && !line.contains("\n"), "\(line)")
    }

    @Test func otherFileIsRefusedInOneLine() throws {
        let source = BuiltPlugin.example[0]
        let line = try #require(refusal(of: source))
        #expect(line.hasPrefix("\(source): cannot be loaded as a library: ") && line.hasSuffix("cc -shared -fPIC"))
        #expect(!line.dropFirst(source.count).contains(source) && !line.contains("\n"), "\(line)")
        let missing = try #require(refusal(of: "/nowhere/plugin.so"))
        #expect(missing == "/nowhere/plugin.so: cannot be read: No such file or directory")
    }

    @Test func descriptionIsRead() throws {
        let example = try BuiltPlugin(BuiltPlugin.example).load().description
        #expect(example.name == "example" && example.release == nil && example.kernel == nil)
        #expect(example.capabilities == [.aux, .subprograms, .lines])
        let map = try BuiltPlugin(BuiltPlugin.indexMap).load().description
        #expect(map.capabilities == .everything)
        let kernel = try BuiltPlugin(text: LoadingTests.kernel(".abi = 1, .release = \"6.12.48-rc1\"")).load()
        #expect(kernel.description.release == "6.12.48-rc1")
        #expect(kernel.description.kernel == KernelFunctions(KernelVersion(6, 12)))
        #expect(kernel.failedAllocs == 0)
        let old = try BuiltPlugin(
            text: LoadingTests.kernel(
                ".abi = 1, .release = \"6.1.0\", .limits = BPF_PATCHER_KERNEL_NO_GOTOL, .max_subprogs = 256")
        ).load()
        #expect(old.description.kernel == KernelFunctions(KernelVersion(6, 1), knowsGotol: false, maxSubprograms: 256))
    }
}
