import Foundation
import Fuzzing
import Patching
import TestSupport
import Testing

@testable import Plugins

/// Counting the lines and conditions of the functions of a tree.
@Suite struct CoverageTests {
    /// Statements of each kind. The campaign reaches all but those with `never`.
    private static let code = """
        int never = 0, sum = prog->len > 1 ? 1 : 2, n;
        struct toy_item first = { .key = prog->len ? 3 : 4 }, *item;
        u32 cells[] = { prog->len == 0xffffff ? never : 1, 2 };
        LIST_HEAD(list);
        list_add(&first.link, &list);
        list_for_each_entry(item, &list, link)
            sum += item->key;
        list_for_each_entry(item, &list, link) {
            sum += item->key;
        }
        for (n = 0; n < 3; n++)
            if (n == 1)
                sum++;
            else if (n == 7)
                never += 1;
            else
                sum += 2;
        while (sum > 0 && n-- > 0)
            sum--;
        do {
            n++;
        } while (n < 2);
        do
            n++;
        while (0);
        switch (n & 3) {
        case 9:
            never += 2;
            break;
        case 0: case 1: case 2: case 3:
            sum = sum ?: 5;
            fallthrough;
        default:
            sum <<= n <= 5 ? 1 : 0;
        }
        if (sum == 123456)
            goto out;
        sum = ({ int inner = sum >= 0 ? 1 : 2; inner; }) ? cells[1] : 0;
        return;
        out:
        never += 3;
        """

    private func tree() -> ToyTree {
        let tree = ToyTree()
        tree.addCode(Self.code)
        return tree
    }

    private func coverage(_ arguments: [String]) throws -> (output: String, lines: [String]) {
        let folder = NSTemporaryDirectory() + "bpf-patch-fuzz-covered-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let run = try BuiltPlugin.runTool(
            ["run", "--seed", "1", "--cases", "300", "--plugin-coverage", "--crashes", folder] + arguments)
        #expect(run.status != 64, "\(run)")
        return (run.output, run.output.split(separator: "\n").map(String.init))
    }

    @Test func missingLinesAndConditionsAreNamed() throws {
        let tree = tree()
        let library = "\(tree.path).so"
        defer { try? FileManager.default.removeItem(atPath: library) }
        _ = try KernelPlugin(of: tree.write(), KernelPlugin.Request(output: library, counting: true, optimizing: false))
        let (output, lines) = try coverage(["--plugin", library])
        let start = tree.line(of: Self.code, in: ToyTree.core)
        let missing = lines.filter { $0.contains("toy_use()") }.map { $0.trimmingCharacters(in: .whitespaces) }
        func place(_ text: String) -> String {
            let before = Self.code.components(separatedBy: text)[0].components(separatedBy: "\n").count
            return "\(ToyTree.core):\(start + before - 1): toy_use(): never "
        }
        #expect(
            missing == [
                place(".key = prog->len ?") + "false: prog->len",
                place("prog->len == 0xffffff") + "true: prog->len == 0xffffff",
                place("if (n == 7)") + "true: n == 7", place("never += 1;") + "runs",
                place("never += 2;") + "runs", place("break;") + "runs", place("n <= 5 ?") + "false: n <= 5",
                place("if (sum == 123456)") + "true: sum == 123456", place("goto out;") + "runs",
                place("int inner") + "false: ({ int inner = sum >= 0 ? 1 : 2; inner; })",
                place("int inner") + "false: sum >= 0", place("never += 3;") + "runs",
            ], "\(output)")
        #expect(lines.contains { $0.hasPrefix("kernel-5.4.3-toy-1: ") && $0.contains(" branches ran") }, "\(output)")
    }

    @Test func coverageNeedsAPluginThatCounts() throws {
        let (_, library) = try ToyTree().build()
        defer { try? FileManager.default.removeItem(atPath: library) }
        let run = try BuiltPlugin.runTool([
            "run", "--cases", "10", "--plugin-coverage", "--plugin", library, "--crashes", library + "-crashes",
        ])
        #expect(run.status == 64)
        #expect(run.errors.contains("no plug-in counts its lines; build one with 'plugin build --coverage'"), "\(run)")
    }

    @Test func resumedCampaignCounts() throws {
        let tree = ToyTree()
        let library = "\(tree.path).so"
        let state = "\(tree.path)-state"
        defer { for path in [library, state] { try? FileManager.default.removeItem(atPath: path) } }
        _ = try KernelPlugin(of: tree.write(), KernelPlugin.Request(output: library, counting: true, optimizing: false))
        let first = try BuiltPlugin.runTool([
            "run", "--seed", "1", "--cases", "50", "--plugin", library, "--state", state,
        ])
        #expect(first.status == 77 && !first.output.contains("branches ran"), "\(first)")
        let second = try BuiltPlugin.runTool([
            "run", "--state", state, "--resume", "--cases", "100", "--plugin-coverage",
        ])
        #expect(second.status == 77 && second.output.contains(" branches ran\n"), "\(second)")
    }

    @Test func countsAreInTheJSON() throws {
        let tree = ToyTree()
        let library = "\(tree.path).so"
        defer { try? FileManager.default.removeItem(atPath: library) }
        _ = try KernelPlugin(of: tree.write(), KernelPlugin.Request(output: library, counting: true, optimizing: false))
        let (output, lines) = try coverage(["--json", "--plugin", library])
        struct Report: Decodable { var pluginCoverage: [PluginCoverage] }
        let report = try JSONDecoder().decode(
            Report.self,
            from: Data((lines.last ?? "").replacingOccurrences(of: "plugin_coverage", with: "pluginCoverage").utf8))
        #expect(report.pluginCoverage.map(\.name) == ["kernel-5.4.3-toy-1"], "\(output)")
        #expect(report.pluginCoverage.allSatisfy { $0.linesRun > 10 && $0.branchesRun > 3 }, "\(output)")
        #expect(
            report.pluginCoverage.allSatisfy { $0.lines - $0.linesRun == $0.missing.count { $0.condition == nil } })
    }
}
