import Foundation
import Testing

/// A case file stores its conditions. Later commands apply them without an option.
@Suite struct ConditionTests {
    /// A case file with a header line and one pass.
    private static func text(_ header: String, pass: String) -> String {
        """
        # bpf-patch-fuzz case
        \(header)
        program
            r0 = 1
            r0 = 2
            r0 = 3
            exit

        pass
          \(pass)

        """
    }

    private struct Built: ~Copyable {
        let library: String
        let name: String
        deinit { try? FileManager.default.removeItem(atPath: library) }
    }

    /// A toy tree that damages the program if the first allocation of a patch fails.
    private static func damaging() throws -> Built {
        let tree = ToyTree()
        tree.replace("if (!aux)", by: "if (!aux && ++env->prog->insnsi[0].imm)", in: ToyTree.verifier)
        let (plugin, library) = try tree.build()
        return Built(library: library, name: plugin.name)
    }

    private static func write(_ text: String, beside library: String) throws -> String {
        let file = library + ".case"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// The damage is found only if an allocation fails.
    @Test func failingAllocationsAreApplied() throws {
        let built = try Self.damaging()
        defer { try? FileManager.default.removeItem(atPath: built.library + ".case") }
        let pass = "replace 2 with\n      r1 = 1\n      r1 = 2"
        let plain = try Self.write(Self.text("target: \(built.name)", pass: pass), beside: built.library)
        let alone = try BuiltPlugin.runTool(["replay", "--plugin", built.library, plain])
        #expect(alone.status == 0, "\(alone)")
        // Every allocation fails, so that the result does not depend on the seed.
        let file = try Self.write(
            Self.text("target: \(built.name)\nconditions: fail-alloc 1", pass: pass), beside: built.library)
        let replay = try BuiltPlugin.runTool(["replay", "--plugin", built.library, file])
        #expect(replay.status == 77 && replay.output.contains("/error/damaged-by-failed-allocation/"), "\(replay)")
        let show = try BuiltPlugin.runTool(["show", "--plugin", built.library, file])
        #expect(
            show.status == 0 && show.output.contains("✗ \(built.name): ") && show.output.contains("  error: "),
            "\(show)")
        #expect(show.output.contains("conditions: fail-alloc 1\n") && !show.output.contains("✓"), "\(show)")
        let smaller = try BuiltPlugin.runTool(["minimize", "--plugin", built.library, file])
        #expect(smaller.status == 0 && smaller.output.contains("\nconditions: fail-alloc 1\n"), "\(smaller)")
    }
}
