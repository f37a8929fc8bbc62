import BPF
import Foundation
import Patching
import Testing

@testable import Plugins

/// Trees whose functions call other parts of the kernel.
@Suite struct HelperTests {
    /// Calls of stand-ins, by family. The code checks the returned values.
    private static let families: [(name: String, code: String)] = [
        ("types", types), ("comparing", comparing), ("rounding", rounding), ("overflow", overflow), ("bits", bits),
        ("bitmaps", bitmaps), ("shared memory", shared), ("errors", errors), ("text", text), ("sorting", sorting),
        ("lists", lists), ("locks", locks), ("other locks", otherLocks), ("RCU", rcu), ("messages", messages),
        ("allocation", allocation), ("reallocation", reallocation), ("objects", objects), ("processors", processors),
        ("scheduling", scheduling),
    ]

    /// One line of `apply`: the second of three instructions is replaced by two.
    private static let script =
        #"{"name":"a","insns":["b700000001000000","b700000002000000","9500000000000000"],"#
        + #""passes":[[{"off":1,"remove":1,"patch":["b700000004000000","b700000005000000"]}]]}"# + "\n"

    /// Builds a tree whose `bpf_patch_insn_single()` calls a function with this code, and applies the script by it.
    private func run(_ code: String) throws -> BuiltPlugin.Outcome {
        let tree = ToyTree()
        tree.files["include/linux/bpf.h"]! += "int toy_hook(struct bpf_prog *prog);\n"
        tree.addCode(code)
        let (_, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        return try BuiltPlugin.runTool(["apply", "--plugin", library], input: HelperTests.script)
    }

    private func expectPatched(_ outcome: BuiltPlugin.Outcome) {
        #expect(outcome.errors == "")
        #expect(outcome.status == 0)
        let insns = #""insns":["b700000001000000","b700000004000000","b700000005000000","9500000000000000"]"#
        #expect(outcome.output.contains(insns), "\(outcome.output)")
    }

    @Test(arguments: families.indices) func standInsMatchTheKernel(number: Int) throws {
        expectPatched(try run(HelperTests.families[number].code))
    }

    /// A stand-in without a call would be untested.
    @Test func everyStandInIsCalled() throws {
        let used = HelperTests.families.reduce(into: Set<String>()) { used, family in
            used.formUnion(
                (family.code + ToyTree.prelude).split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
        }
        let files = try StandIns(headers: []).files.filter { $0.name != "standins.h" }
        let names = Set(files.flatMap(\.definitions).map(\.name))
        let own = names.filter {
            $0.lowercased().hasPrefix("standin_") || $0.hasPrefix("memory_") || $0.hasSuffix("_H")
        }
        #expect(names.subtracting(own).subtracting(used).sorted() == [])
        #expect(names.subtracting(own).count > 300)
    }

    /// Code that leaks a block.
    private static let leaks = [
        "(void)kmalloc(8, GFP_KERNEL);", "(void)kmemdup(\"a\", 2, GFP_KERNEL);",
        "(void)kvrealloc(kmalloc(8, 0), 80, 0);",
        "void *a __free(kfree) = kmalloc(8, 0); (void)no_free_ptr(a);", "(void)bitmap_zalloc(9, 0);",
        "(void)alloc_percpu(int);",
    ]

    @Test(arguments: leaks) func leakIsReported(code: String) throws {
        let outcome = try run(code)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("core.c:"), "\(outcome)")
        #expect(outcome.errors.contains("a kernel function allocated memory that was not freed"), "\(outcome)")
    }

    /// With every allocation failing, some calls must fail and some must not.
    @Test func allocationsFailOnDemand() throws {
        let code = """
            char *kept = kmalloc(16, 0), *other;
            memory_failures.one_in = 1;
            BUG_ON(kzalloc(8, 0) || kvcalloc(2, 8, 0) || vzalloc(8) || kmemdup("a", 2, 0) || kstrdup("a", 0));
            BUG_ON(krealloc(kept, 64, 0) || kmalloc(0, 0) != ZERO_SIZE_PTR);
            kept = krealloc(kept, 8, 0);
            other = kmalloc(16, __GFP_NOFAIL);
            BUG_ON(!kept || !other);
            memory_failures.one_in = 0;
            kfree(kept);
            kfree(other);
            """
        expectPatched(try run(code))
    }

    /// Code that makes the kernel warn or corrupts memory, and the line on standard error.
    private static let stops: [(code: String, line: String)] = [
        ("(void)vmalloc(prog->len - 3);", "vmalloc() of 0 bytes"),
        ("char *a = kmalloc(8, 0); a[8] = 1; kfree(a);", "written beyond its end"),
        ("char *a = kmalloc(8, 0); kfree(a); kvfree(a);", "free of a pointer that is not allocated"),
        ("char *a = kmalloc(8, 0); kfree(a); a = krealloc(a, 9, 0);", "realloc of a pointer that is not allocated"),
        ("spin_lock(&toy_lock); WARN_ON(prog->len == 3);", ": WARN_ON(prog->len == 3)"),
        ("panic(\"no %d\", 1);", #"panic("no %d", 1)"#),
        ("if (prog->len == 3) toy_hook(prog);", "toy_hook() is called and has no definition in kernel/bpf/*.c"),
    ]

    @Test(arguments: stops.indices) func bugEndsTheProcess(number: Int) throws {
        let stop = HelperTests.stops[number]
        let outcome = try run(stop.code)
        #expect(outcome.status == 77)
        #expect(outcome.errors.contains(stop.line), "\(outcome.errors)")
    }

    /// Code with undefined names, and parts of the message.
    private static let missing: [(code: String, parts: [String])] = [
        ("toy_nowhere(prog);", ["toy_use() calls toy_nowhere() at kernel/bpf/core.c:LINE; it has", StandIns.remedy]),
        (
            "toy_nowhere(prog); toy_elsewhere(1); prog->len = jiffies;",
            ["toy_use() calls toy_nowhere() at", "(nor do toy_elsewhere(), jiffies)", StandIns.remedy]
        ),
        ("prog->len = jiffies;", ["does not compile: ", "jiffies", "core.c:LINE", "(in toy_use())"]),
        ("prog->nothing = 1;", ["does not compile: ", "nothing"]),
    ]

    @Test(arguments: missing.indices) func helperWithoutStandInIsNamed(number: Int) throws {
        let (code, parts) = HelperTests.missing[number]
        let tree = ToyTree()
        tree.addCode(code)
        let line = "\(tree.line(of: code, in: ToyTree.core))"
        do {
            let (_, library) = try tree.build()
            try? FileManager.default.removeItem(atPath: library)
            Issue.record("the build succeeds")
        } catch let fault as KernelTreeFault {
            #expect(!fault.description.contains("\n"))
            for part in parts.map({ $0.replacingOccurrences(of: "LINE", with: line) }) {
                #expect(fault.description.contains(part), "\(fault)")
            }
        }
    }

    /// The messages of clang and gcc for the same error.
    private static let prints = [
        "a.c:2:5: error: call to undeclared function 'f'; ISO C99 and later do not support it [-Wimplicit]\n1 error",
        "a.c: In function 'x':\na.c:2:5: error: implicit declaration of function 'f' [-Werror=implicit]",
    ]

    @Test(arguments: prints) func messagesOfBothCompilersAreParsed(messages: String) {
        let slice = CSlice(sources: [], others: [], headers: [], standins: []) { $0 }
        let missing = CompilerReport(messages, slice).missing
        #expect(missing?.hasPrefix("a call of f() at a.c:2; it has") == true, "\(missing ?? "")")
    }

    @Test func headerOfTheUserIsIncluded() throws {
        let tree = ToyTree()
        tree.addCode("BUG_ON(toy_nowhere(prog) != TOY_NUMBER || kfree(prog) != 5);")
        let header = "\(tree.path).h"
        defer { try? FileManager.default.removeItem(atPath: header) }
        try Data(
            """
            #define TOY_NUMBER 4
            static inline int toy_nowhere(void *prog) { return prog ? TOY_NUMBER : 0; }
            #undef kfree
            #define kfree(block) 5

            """.utf8
        ).write(to: URL(fileURLWithPath: header))
        let library = "\(tree.path).so"
        defer { try? FileManager.default.removeItem(atPath: library) }
        let plugin = try KernelPlugin(of: tree.write(), output: library, standIns: header)
        #expect(!plugin.functions.map(\.name).contains("toy_nowhere"))
        #expect(throws: PluginError("/nowhere.h: cannot be read: No such file or directory")) {
            _ = try KernelPlugin(of: tree.write(), output: library, standIns: "/nowhere.h")
        }
    }
}
