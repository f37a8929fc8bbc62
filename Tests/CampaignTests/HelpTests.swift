import ArgumentParser
import Foundation
import Testing

@testable import bpf_patch_fuzz

/// Help texts fit 80 columns, and their examples can be pasted.
@Suite struct HelpTests {
    /// Every command in the help.
    private static let commands: [any ParsableCommand.Type] = all(below: bpf_patch_fuzz.Tool.self)

    private static func all(below command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        [command]
            + command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap { all(below: $0) }
    }

    private func help(_ command: any ParsableCommand.Type) -> String {
        bpf_patch_fuzz.Tool.helpMessage(for: command, columns: 80)
    }

    /// The example commands, each with its continuation lines.
    private func examples(_ text: String) -> [String] {
        var found: [String] = []
        var isContinued = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.drop { $0 == " " }.trimmingPrefix("sudo ")
            let isExample = line.hasPrefix("  ") && words.hasPrefix("bpf-patch-fuzz ")
            if !isExample && !isContinued { continue }
            let part = words.hasSuffix("\\") ? words.dropLast().drop { _ in false } : words
            if isContinued { found[found.count - 1] += " " + part } else { found.append(String(part)) }
            isContinued = words.hasSuffix("\\")
        }
        // Only the tool's own words are parsed, not the script around them.
        return found.map { command in
            let words = command.split(separator: " ").map(String.init)
            return words.prefix { !["||", ">"].contains($0) }.joined(separator: " ")
        }
    }

    @Test(arguments: commands.indices) func examplesAreWholeCommands(number: Int) throws {
        let command = HelpTests.commands[number]
        let shown = examples(help(command))
        // The library's wrapping does not change the words.
        #expect(shown == examples(command.configuration.discussion))
        for example in shown {
            let words = example.split(separator: " ").dropFirst().map(String.init)
            #expect(throws: Never.self, "\(example)") { _ = try bpf_patch_fuzz.Tool.parseAsRoot(words) }
        }
        if command.configuration.subcommands.isEmpty { #expect(!shown.isEmpty, "\(command) has no example") }
    }

    @Test(arguments: commands.indices) func helpFits80Columns(number: Int) {
        for line in help(HelpTests.commands[number]).split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    /// The test itself detects a broken example.
    @Test func brokenExampleIsDetected() {
        #expect(
            examples("  bpf-patch-fuzz run --time 60 --crashes\n/tmp/crashes") == [
                "bpf-patch-fuzz run --time 60 --crashes"
            ])
        #expect(examples("  bpf-patch-fuzz run \\\n    --time 60\nand so on") == ["bpf-patch-fuzz run --time 60"])
    }
}
