import BPF
import Foundation
import Patching
import Testing

@testable import Plugins

/// Building and loading plug-ins from toy trees.
@Suite struct ToyTreeTests {
    private static let core = ToyTree.core
    private static let verifier = ToyTree.verifier

    /// Patches the second instruction of a program with two; the program has at least three.
    private func patch(_ patcher: PluginPatcher, insns: Int32 = 3) -> Program? {
        let input = ProgramBuffer()
        let output = ProgramBuffer()
        let pass = PassBuffer()
        input.load(
            Program(
                insns: (1...insns).map { Instruction(code: 0xb7, imm: $0) }, aux: (1...UInt32(insns)).map { $0 * 10 },
                subprograms: [Subprogram(start: 0, id: 7), Subprogram(start: 2, id: 8)],
                lines: [LineRecord(insnOff: 0, id: 9)]))
        pass.load(
            Pass(edits: [Edit(off: InputIndex(1), remove: 1, patch: [4, 5].map { Instruction(code: 0xb7, imm: $0) })]))
        let status = patcher.apply(pass.image, to: input.image(), into: output)
        return status == .accepted ? Program(output.image(as: OutputIndex.self)) : nil
    }

    private func expectPatched(_ library: String) throws {
        let patcher = try Plugin(path: library).makePatcher(options: Plugin.Options(runsEveryPassTwice: true))
        let program = patch(patcher)
        #expect(patcher.violation == nil)
        #expect(program?.insns.map(\.imm) == [1, 4, 5, 3])
        #expect(program?.aux == [10, 0, 20, 30])
        #expect(program?.subprograms == [Subprogram(start: 0, id: 7), Subprogram(start: 3, id: 8)])
        #expect(program?.lines == [LineRecord(insnOff: 0, id: 9)])
    }

    /// Variants of the toy tree with the same behaviour.
    private static let variants: [(name: String, change: @Sendable (ToyTree) -> Void)] = [
        ("as it is", { _ in }),
        (
            "moved to another file",
            { tree in tree.files["kernel/bpf/fixups.c"] = tree.files.removeValue(forKey: ToyTree.verifier) }
        ),
        (
            "all in an unknown file",
            { tree in
                let text =
                    tree.files.removeValue(forKey: ToyTree.core)! + tree.files.removeValue(forKey: ToyTree.verifier)!
                tree.files["kernel/bpf/rewrite.c"] = text
            }
        ),
        (
            "a helper in another file",
            { tree in
                tree.replace("return sizeof(struct bpf_prog) + ", by: "return toy_header() + ", in: ToyTree.core)
                tree.replace("static u32 toy_size", by: "u32 toy_header(void);\nstatic u32 toy_size", in: ToyTree.core)
                tree.files["kernel/bpf/other.c"] =
                    "BTF_ID_LIST(toy_ids)\nBTF_ID(func, toy)\n\nu32 toy_header(void) { return sizeof(struct bpf_prog); }\n"
            }
        ),
        (
            "static functions by one name in two files",
            { tree in
                tree.replace(
                    "static u32 toy_size", by: "static u32 toy_one(void) { return 1; }\nstatic u32 toy_size",
                    in: ToyTree.core)
                tree.replace("prog->len + len - 1;", by: "prog->len + len - toy_one();", in: ToyTree.core)
                tree.replace(
                    "static int adjust_jmp_off",
                    by: "static int toy_one(void *a, int b) { return b; }\nstatic int adjust_jmp_off",
                    in: ToyTree.verifier)
                tree.replace(
                    "u32 old = env->prog->len, i;", by: "u32 old = toy_one(env, env->prog->len), i;",
                    in: ToyTree.verifier)
            }
        ),
        (
            "undefined types and attributes",
            { tree in
                tree.replace(
                    "struct bpf_prog *prog;\n",
                    by:
                        "struct unseen held __unseen(3);\nunseen_t other;\nstruct far *away;\nenum hidden which;\n"
                        + "char name[UNSEEN_LEN];\nstruct bpf_prog *prog;\n",
                    in: "include/linux/bpf_verifier.h")
            }
        ),
        (
            "two in one",
            { tree in
                tree.replace(
                    "int bpf_remove_insns(",
                    by: """
                        #ifdef CONFIG_UNSEEN
                        static u32 toy_delta(u32 len) { return broken; }
                        #elif defined(CONFIG_BPF_SYSCALL) && !IS_ENABLED(CONFIG_UNSEEN)
                        static u32 toy_delta(u32 len) { return len - 1; }
                        #else
                        #error "neither"
                        #endif
                        int bpf_remove_insns(
                        """, in: ToyTree.core)
                tree.replace(
                    "grown->len = prog->len + len - 1;", by: "grown->len = prog->len + toy_delta(len);",
                    in: ToyTree.core)
                tree.replace(
                    "static u32 toy_size", by: "static u32 toy_delta(u32 len);\nstatic u32 toy_size", in: ToyTree.core)
            }
        ),
        (
            "options tested in each way",
            { tree in
                tree.replace(
                    "int bpf_remove_insns(",
                    by: """
                        #if IS_ENABLED(CONFIG_UNSEEN) || !IS_ENABLED(CONFIG_BPF_JIT) || !IS_BUILTIN(CONFIG_BPF_JIT)
                        static bool toy_is_set(void) { return broken; }
                        #else
                        static bool toy_is_set(void)
                        {
                            return IS_ENABLED(CONFIG_BPF_JIT) && IS_REACHABLE(CONFIG_BPF_JIT)
                        #if !IS_ENABLED(CONFIG_BPF_JIT)
                                && broken
                        #endif
                                && !IS_ENABLED(CONFIG_UNSEEN) && !IS_MODULE(CONFIG_BPF_JIT);
                        }
                        #endif
                        int bpf_remove_insns(
                        """, in: ToyTree.core)
                tree.replace(
                    "grown->len = prog->len + len - 1;", by: "grown->len = toy_is_set() ? prog->len + len - 1 : 0;",
                    in: ToyTree.core)
                tree.replace(
                    "static u32 toy_size", by: "static bool toy_is_set(void);\nstatic u32 toy_size", in: ToyTree.core)
            }
        ),
        (
            "macros, an enum and a table",
            { tree in
                tree.replace(
                    "static u32 toy_size",
                    by: """
                        #define TOY_LESS(n) \\
                            ((n) - toy_table[TOY_INDEX])
                        #define TOY_EACH(ONE) ONE(ZERO) ONE(INDEX)
                        #define TOY_ONE(name) TOY_ ## name,
                        enum toy_kind { TOY_EACH(TOY_ONE) TOY_END };
                        static const u32 toy_table[TOY_END] = { [TOY_INDEX] = 1 };
                        static u32 toy_size
                        """, in: ToyTree.core)
                tree.replace(
                    "grown->len = prog->len + len - 1;", by: "grown->len = TOY_LESS(prog->len + len);", in: ToyTree.core
                )
            }
        ),
        (
            "a function that only a prototype is known of, never called",
            { tree in
                tree.replace(
                    "struct bpf_prog;",
                    by: "struct bpf_prog;\nint toy_hook(struct bpf_prog *prog, int) __unseen(1, 2);",
                    in: "include/linux/bpf.h")
                tree.replace(
                    "prog->len -= cnt;", by: "prog->len -= cnt;\nif (cnt == 12345)\nreturn toy_hook(prog, 1);",
                    in: ToyTree.core)
            }
        ),
        (
            "a local of a type in another header",
            { tree in
                tree.files["include/uapi/linux/far.h"] = "struct far { char bytes[3]; };\n"
                tree.replace(
                    "grown->len = prog->len + len - 1;",
                    by: "struct far one; BUG_ON(sizeof(one) != 3); grown->len = prog->len + len - 1;", in: ToyTree.core)
            }
        ),
        (
            "a local by the name of a function",
            { tree in
                tree.replace(
                    "static u32 toy_size", by: "void grown(void) { nothing_known(); }\nstatic u32 toy_size",
                    in: ToyTree.core)
            }
        ),
    ]

    @Test(arguments: variants.indices) func variantBuildsAndPatches(number: Int) throws {
        let tree = ToyTree()
        ToyTreeTests.variants[number].change(tree)
        let (_, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        try expectPatched(library)
    }

    @Test func pluginDescribesItself() throws {
        let tree = ToyTree()
        let (plugin, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        #expect(plugin.name == "kernel-5.4.3-toy-1")
        #expect(plugin.release == "5.4.3-Toy_1")
        let line = tree.line(of: "int bpf_remove_insns", in: Self.core)
        #expect(plugin.functions.contains { $0.name == "bpf_remove_insns" && $0.place == "\(Self.core):\(line)" })
        let limits = KernelTree.NewerInstruction.allCases.map {
            KernelPlugin.limit(without: $0, release: "5.4.3-Toy_1")
        }
        #expect(plugin.limits == limits)
        let loaded = try Plugin(path: library).description
        #expect(loaded.name == "kernel-5.4.3-toy-1")
        #expect(loaded.release == "5.4.3-Toy_1")
        #expect(
            loaded.capabilities == PatcherCapabilities.everything.subtracting([.refuses, .deadTarget]).union(.stepwise))
        #expect(
            loaded.kernel
                == KernelFunctions(KernelVersion(5, 4), knowsGotol: false, knowsGotox: false, maxSubprograms: 8))
    }

    @Test func withoutAdjustJmpOffTheCapabilityIsMissing() throws {
        let tree = ToyTree()
        tree.replace("adjust_jmp_off", by: "something_else", in: Self.verifier)
        let (plugin, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        #expect(plugin.limits.first == KernelPlugin.limit(without: "adjust_jmp_off", release: "5.4.3-Toy_1"))
        #expect(try !Plugin(path: library).description.capabilities.contains(.skipJumps))
        try expectPatched(library)
    }

    @Test func mentionedInstructionsAreKnown() throws {
        let tree = ToyTree()
        tree.files["kernel/bpf/disasm.c"] = "int a = BPF_JMP32 | BPF_JA;\nint b = BPF_JMP | BPF_JA | BPF_X;\n"
        let (plugin, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        #expect(plugin.limits == [])
        #expect(try Plugin(path: library).description.kernel == KernelFunctions(KernelVersion(5, 4), maxSubprograms: 8))
    }

    /// Broken trees: the change, its file, and parts of the message. `LINE` is the line of `at`, or of the new text.
    private static let faults: [(old: String, new: String, file: String, at: String, message: [String])] = [
        (
            "memmove(aux + off", "memmove(no_such_thing + off", verifier, "no_such_thing",
            ["does not compile: kernel/bpf/verifier.c:LINE:", "no_such_thing", "(in verifier_remove_insns())"]
        ),
        (
            "grown->len =", "toy_nowhere(grown); grown->len =", core, "toy_nowhere",
            ["bpf_patch_insn_single() calls toy_nowhere() at kernel/bpf/core.c:LINE; it has", StandIns.remedy]
        ),
        (
            "u32 seen;", "char name[UNSEEN_LEN]; u32 seen;", "include/linux/bpf_verifier.h", "",
            [
                "bpf_patch_insn_data() at kernel/bpf/verifier.c:6 uses the size of struct bpf_insn_aux_data; it depends on",
                "UNSEEN_LEN, which no header that was read defines", StandIns.typeRemedy,
            ]
        ),
        (
            "struct bpf_prog_aux {",
            "struct toy_held { struct unseen one; };\nstruct bpf_prog_aux { struct toy_held held;",
            "include/linux/bpf.h", "", []
        ),
        (
            "u16 pages;", "struct unseen one; u16 pages;", "include/linux/bpf.h", "",
            [
                "toy_size() at kernel/bpf/core.c:4 uses the size of struct bpf_prog; it depends on struct unseen, which no header"
            ]
        ),
        (
            "u32 old =", "u32 big = sizeof(struct unseen), old =", verifier, "",
            ["bpf_patch_insn_data() at kernel/bpf/verifier.c:5 uses the size of struct unseen, which no header"]
        ),
        (
            "u32 old =", "struct unseen one; u32 old =", verifier, "",
            ["bpf_patch_insn_data() at kernel/bpf/verifier.c:5 uses the size of struct unseen, which no header"]
        ),
        (
            "static u32 toy_size", "#define TOY_BAD prog->nothing\nstatic u32 toy_size", core, "",
            []
        ),
    ]

    @Test(arguments: faults.indices) func faultOfTheTreeIsNamed(number: Int) throws {
        let fault = ToyTreeTests.faults[number]
        let tree = ToyTree()
        tree.replace(fault.old, by: fault.new, in: fault.file)
        let line = tree.line(of: fault.at.isEmpty ? fault.new : fault.at, in: fault.file)
        do {
            let (_, library) = try tree.build()
            try FileManager.default.removeItem(atPath: library)
            #expect(fault.message.isEmpty)
        } catch let found as KernelTreeFault {
            #expect(!fault.message.isEmpty)
            #expect(!found.description.contains("\n"))
            for part in fault.message {
                #expect(found.description.contains(part.replacingOccurrences(of: "LINE", with: "\(line)")), "\(found)")
            }
        }
    }

    /// Trees that the built-in adapter does not fit: the change, its file, and a part of the message.
    private static let misfits: [(old: String, new: String, file: String, message: String)] = [
        ("bpf_remove_insns", "bpf_take_insns", core, "bpf_remove_insns() is in none of kernel/bpf/*.c"),
        ("verifier_remove_insns", "gone", verifier, "verifier_remove_insns() is in none of kernel/bpf/*.c"),
        ("orig_idx", "index", "include/linux/bpf_verifier.h", "no field for an aux word"),
        ("u32 start, linfo_idx;", "u32 begin, linfo_idx;", "include/linux/bpf_verifier.h", "environment.h:"),
    ]

    @Test(arguments: misfits.indices) func adapterThatDoesNotFitIsNamed(number: Int) throws {
        let misfit = ToyTreeTests.misfits[number]
        let tree = ToyTree()
        tree.replace(misfit.old, by: misfit.new, in: misfit.file)
        if number == 3 { tree.replace("subprog_info[i].start", by: "subprog_info[i].begin", in: Self.verifier) }
        do {
            let (_, library) = try tree.build()
            try FileManager.default.removeItem(atPath: library)
            Issue.record("it builds")
        } catch let found as PluginError {
            #expect(found.description.contains("the built-in adapter does not fit this tree: "), "\(found)")
            #expect(found.description.contains(misfit.message), "\(found)")
        }
    }

    @Test func stepWithFailedAllocationIsRepeated() throws {
        let (_, library) = try ToyTree().build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        let plugin = try Plugin(path: library)
        let patcher = plugin.makePatcher(options: Plugin.Options(failAlloc: 1))
        #expect(patch(patcher)?.insns.map(\.imm) == [1, 4, 5, 3])
        #expect(plugin.failedAllocs == 1)
        #expect(patcher.violation == nil)
    }

    @Test func damageByFailedAllocationIsReported() throws {
        let tree = ToyTree()
        // The tree patches the program before it grows the aux data.
        tree.replace(
            "if (!aux)", by: "if (!aux) { bpf_patch_insn_single(env->prog, off, patch, len); }\n    if (!aux)",
            in: Self.verifier)
        tree.replace(
            "vmalloc(toy_size(prog->len + len - 1))", by: "standin_alloc(toy_size(prog->len + len - 1), 0)",
            in: Self.core)
        let (_, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        let patcher = try Plugin(path: library).makePatcher(options: Plugin.Options(failAlloc: 2))
        // The failing allocation depends on the pass alone, so each iteration needs another pass.
        for insns in Int32(3)..<43 where patcher.violation == nil {
            let program = patch(patcher, insns: insns)
            #expect(program == nil || program?.insns.map(\.imm) == [1, 4, 5] + (3...insns))
        }
        #expect(patcher.violation?.rule == .damage)
        #expect(patcher.violation?.words == "damaged-by-failed-allocation")
    }
}
