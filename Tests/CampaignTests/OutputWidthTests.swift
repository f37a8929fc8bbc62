import Foundation
import Testing

@testable import Campaign

/// The width of printed text: the rule, tables, and the commands on a terminal of 80 columns.
@Suite struct OutputWidthTests {
    /// COLUMNS, the width of the terminal, and the resulting width.
    private static let rules: [(variable: String?, terminal: Int?, columns: Int)] = [
        (nil, nil, OutputWidth.usual), (nil, 80, 80), ("80", nil, 80), ("100", 80, 100), ("words", 80, 80),
        ("", nil, OutputWidth.usual), ("0", 90, 90), ("-5", 90, 90), ("1", nil, OutputWidth.least),
        ("2000000000", nil, OutputWidth.most), ("99999999999999999999", 80, 80), (nil, 3, OutputWidth.least),
    ]

    @Test(arguments: rules.indices) func widthIsThatOfColumnsOrTheTerminal(number: Int) {
        let rule = OutputWidthTests.rules[number]
        #expect(OutputWidth.columns(rule.variable, terminal: rule.terminal) == rule.columns)
    }

    /// Texts, widths and the wrapped texts.
    private static let texts: [(text: String, width: Int, wrapped: String)] = [
        ("", 10, ""), ("one two\n", 10, "one two\n"), ("one two three", 9, "one two\n  three"),
        ("  a bcd efg\nhi", 7, "  a bcd\n    efg\nhi"),
        ("a /a/long/path/of/one/word b", 8, "a\n  /a/long/path/of/one/word\n  b"),
        ("\nname: a, b, c", 9, "\nname: a,\n  b, c"),
    ]

    @Test(arguments: texts.indices) func linesAreBrokenBetweenWords(number: Int) {
        let (text, width, wrapped) = OutputWidthTests.texts[number]
        #expect(OutputWidth.wrap(text, to: width) == wrapped)
    }

    // MARK: Tables

    private func table(_ width: Int) -> String {
        PlainTable.text([["one", "1,000", "2", "3"], ["another", "5", "", "1,234,567"]], width: width) { row in
            zip(["what", "sub-start", "so many", "last"], row).map { title, value in
                Column(title: title, value: value, align: title == "what" ? .left : .right)
            }
        }
    }

    @Test func fittingTableHasALineForEachRow() {
        #expect(
            table(36) == """
                what    sub-start so many      last
                one         1,000       2         3
                another         5         1,234,567

                """)
    }

    @Test func wideTableBreaksItsTitles() {
        #expect(
            table(34) == """
                         sub-   so
                what    start many      last
                one     1,000    2         3
                another     5      1,234,567

                """)
    }

    @Test func widerTableIsSplit() {
        #expect(
            table(20) == """
                         sub-   so
                what    start many
                one     1,000    2
                another     5

                what         last
                one             3
                another 1,234,567

                """)
    }

    @Test(arguments: 1...60) func tableIsNoWiderThanNecessary(width: Int) {
        let lines = table(width).split(separator: "\n").map(\.count)
        // The first column and the widest other one are never separated.
        #expect(lines.allSatisfy { $0 <= max(width, 17) })
    }

    // MARK: Commands

    private static let seeds = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Seeds").path
    private static let crashes = seeds.dropLast("Seeds".count) + "Crashes"
    private static let objects: String? = {
        let libraries = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return libraries.map { "/usr/lib/\($0)/bpf" }.first {
            FileManager.default.fileExists(atPath: $0 + "/xdp-dispatcher.o")
        }
    }()
    private static let isRoot = geteuid() == 0

    /// The commands to run on 80 columns; kernel commands need root.
    private static let commands: [[String]] = {
        var commands = [
            ["patchers"], ["scale", "--patches", "100", "--patches", "100000", "--limit", "1ms"], ["replay", seeds],
            ["show", seeds + "/may-goto-backward-expanded.case"],
        ]
        if let objects { commands.append(["stats", objects]) }
        if !isRoot { return commands }
        let folder = NSTemporaryDirectory() + "bpf-patch-fuzz-width"
        commands.append(["kernel", "run", "--seed", "1", "--cases", "300", "--crashes", folder])
        commands.append(["kernel", "replay", crashes + "/kernel--wrong-landing--call-backward--none.case"])
        if let objects { commands += [["kernel", "stats", objects], ["kernel", "load", objects]] }
        return commands
    }()

    @Test(arguments: commands) func commandFits80Columns(arguments: [String]) throws {
        let run = try Tool.run(
            ["COLUMNS=80", Tool.executable.path] + arguments, program: URL(fileURLWithPath: "/usr/bin/env"))
        for line in run.output.split(separator: "\n") where line.count > 80 {
            // Paths and commands are not wrapped, so that they can be pasted.
            let isPasted = line.hasPrefix("repeat with: ") || line.contains("/")
            #expect(isPasted, "\(line)")
        }
        #expect(!run.output.isEmpty, "\(run.errors)")
    }

    /// Continuation lines of lists in the help are indented.
    @Test(arguments: [["run"], ["kernel", "run"]]) func listsOfHelpAreIndented(command: [String]) throws {
        let help = try Tool.run(
            ["COLUMNS=80", Tool.executable.path] + command + ["--help"], program: URL(fileURLWithPath: "/usr/bin/env")
        ).output
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        let entries = lines.drop { !$0.hasPrefix("  jumps ") && !$0.hasPrefix("  blinding ") }.prefix { !$0.isEmpty }
        #expect(entries.count > 5 && entries.allSatisfy { $0.hasPrefix("  ") && $0.count <= 80 }, "\(help)")
    }

    @Test func oneBarIsNotDrawn() throws {
        var row = EditStatistics(name: "zext", source: "f")
        row.patches = 5
        row.lengths = [EditStatistics.LengthCount(length: 1, count: 5)]
        row.programs = [
            EditStatistics.ProgramCount(from: 0, to: 0, programs: 0),
            EditStatistics.ProgramCount(from: 4, to: 7, programs: 1),
        ]
        func details() -> String { EditTables(title: "workload", rows: [row], width: 80).text.last ?? "" }
        #expect(details().contains("  patches by length: all 5 have length 1\n"))
        #expect(details().contains("  programs by edits: the only one has 4-7\n"))
        #expect(!details().contains("█"))
        row.lengths.append(EditStatistics.LengthCount(length: 2, count: 3))
        #expect(details().contains("  patches by length\n    1  5  █"))
    }

    @Test func anyValueOfColumnsWorks() throws {
        for value in ["2000000000", "1", "0", "-1", "x", "99999999999999999999"] {
            for arguments in [["--help"], ["kernel", "run", "--help"], ["patchers"]] {
                let run = try Tool.run(
                    ["COLUMNS=\(value)", Tool.executable.path] + arguments,
                    program: URL(fileURLWithPath: "/usr/bin/env"))
                #expect(run.status == 0 && run.output.count > 300, "COLUMNS=\(value) \(arguments)")
            }
        }
    }
}
