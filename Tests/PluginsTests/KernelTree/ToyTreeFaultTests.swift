import BPF
import Foundation
import Patching
import Testing

@testable import Plugins

/// Faults of kernel functions that do not show in a result, on toy trees.
@Suite struct ToyTreeFaultTests {
    private static let core = ToyTree.core
    private static let verifier = ToyTree.verifier

    /// Patches the second of three instructions with two.
    private func apply(_ patcher: PluginPatcher, edits: Int = 1) -> PatchStatus {
        let input = ProgramBuffer()
        let output = ProgramBuffer()
        let pass = PassBuffer()
        let insns = (1...3).map { Instruction(code: 0xb7, imm: $0) }
        input.load(Program(insns: insns, aux: [1, 2, 3], subprograms: [Subprogram(start: 0, id: 7)], lines: []))
        let edit = Edit(off: InputIndex(1), remove: 1, patch: [4, 5].map { Instruction(code: 0xb7, imm: $0) })
        pass.load(Pass(edits: Array(repeating: edit, count: edits)))
        return patcher.apply(pass.image, to: input.image(), into: output)
    }

    private func patcher(of tree: ToyTree) throws -> PluginPatcher {
        let (_, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        return try Plugin(path: library).makePatcher(options: Plugin.Options(runsEveryPassTwice: true))
    }

    @Test(arguments: [("vfree(prog);", core), ("vfree(env->insn_aux_data);", verifier)])
    func leakedBlockIsReported(free: String, file: String) throws {
        let tree = ToyTree()
        tree.replace(free, by: "", in: file)
        let patcher = try patcher(of: tree)
        // Each leak is reported, and a pass without allocations is clean.
        for _ in 0..<2 {
            #expect(apply(patcher) == .unusable)
            #expect(patcher.violation?.rule == .damage)
            #expect(patcher.violation?.words == "leak")
            #expect(apply(patcher, edits: 0) == .accepted)
            #expect(patcher.violation == nil)
        }
    }

    /// The last subprogram ends at the row after it, which no result has.
    @Test func staleEndIsReported() throws {
        let tree = ToyTree()
        tree.replace("i <= env->subprog_cnt", by: "i < env->subprog_cnt", in: Self.verifier)
        let patcher = try patcher(of: tree)
        #expect(apply(patcher) == .unusable)
        #expect(patcher.violation?.words == "stale-table-subprog-info")
        #expect(apply(patcher, edits: 0) == .accepted)
    }

    /// An error for patches of two instructions, which the caller turns into NULL, and the expected answer.
    private static let reasons: [(text: String, file: String, status: PatchStatus, words: String?)] = [
        ("return ERR_PTR(-ERANGE);", core, .erange, nil),
        ("return ERR_PTR(-EINVAL);", core, .einval, nil),
        ("return ERR_PTR(-ENOMEM);", core, .unusable, "enomem"),
        ("return NULL;", verifier, .erange, nil),
        ("{ verbose(env, \"%d\", 1); vmalloc(1ul << 50); return NULL; }", verifier, .unusable, "enomem"),
    ]

    @Test(arguments: reasons.indices) func errorInsideNullIsKnown(number: Int) throws {
        let reason = Self.reasons[number]
        let tree = ToyTree()
        if reason.file == Self.core {
            tree.replace(
                "if (!grown)", by: "if (len == 2) { vfree(grown); \(reason.text) }\nif (!grown)", in: Self.core)
        } else {
            tree.replace("if (!aux)", by: "if (len == 2) { vfree(aux); \(reason.text) }\nif (!aux)", in: Self.verifier)
        }
        let patcher = try patcher(of: tree)
        #expect(apply(patcher) == reason.status)
        #expect(patcher.violation?.words == reason.words)
    }

    /// A change and the line on standard error. `LINE` is the line of the new text.
    private static let stops: [(old: String, new: String, file: String, line: String)] = [
        (
            "vfree(prog);", "vfree(prog); BUG_ON(IS_ERR(grown) || len % 4 == 2);", core,
            "core.c:LINE: BUG_ON(IS_ERR(grown) || len % 4 == 2)"
        ),
        (
            "vfree(prog);", "vfree(prog); if (WARN_ON_ONCE(len == 2)) return NULL;", core,
            "core.c:LINE: WARN_ON_ONCE(len == 2)"
        ),
        (
            "vfree(env->insn_aux_data);", "verifier_bug(env, \"no %d\\n\", 1); vfree(env->insn_aux_data);", verifier,
            #"verifier.c:LINE: verifier_bug(env, "no %d\n", 1)"#
        ),
        (
            "vfree(prog);", "vfree(prog); prog->len = 9;", core,
            "core.c:LINE: a block of 40 bytes was written after it was freed here"
        ),
        (
            "vfree(prog);", "vfree(prog); ((char *)prog)[39] = 9;", core,
            "core.c:LINE: a block of 40 bytes was written after it was freed here"
        ),
        (
            "vfree(env->insn_aux_data);", "vfree(env->insn_aux_data); env->insn_aux_data[2].seen = 9;", verifier,
            "verifier.c:LINE: a block of 24 bytes was written after it was freed here"
        ),
        ("vfree(prog);", "vfree(prog); vfree(prog);", core, "core.c:LINE: free of a pointer that is not allocated"),
        (
            "vmalloc(toy_size(prog->len + len - 1))", "vmalloc(toy_size(prog->len + len - 2))", core,
            "a block of 40 bytes that was allocated here was written beyond its end in bpf_patch_insn_single()"
        ),
    ]

    @Test(arguments: stops.indices) func bugNamesItsPlace(number: Int) throws {
        let stop = Self.stops[number]
        let tree = ToyTree()
        tree.replace(stop.old, by: stop.new, in: stop.file)
        let (_, library) = try tree.build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        let script =
            #"{"name":"a","insns":["b700000001000000","b700000002000000","9500000000000000"],"#
            + #""passes":[[{"off":1,"remove":1,"patch":["b700000004000000","b700000005000000"]}]]}"#
        let apply = try BuiltPlugin.runTool(["apply", "--plugin", library], input: script + "\n")
        let line = stop.line.replacingOccurrences(of: "LINE", with: "\(tree.line(of: stop.new, in: stop.file))")
        #expect(apply.status == 77)
        #expect(apply.errors.split(separator: "\n").contains { $0.hasSuffix(line) }, "\(apply.errors)")
    }
}
