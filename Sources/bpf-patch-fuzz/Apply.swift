import ArgumentParser
import Campaign
import Foundation
import Fuzzing
import Patching

/// `apply`: scripts in, results out.
struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry out JSON lines with one patcher and print the results as JSON lines.",
        usage: "bpf-patch-fuzz apply [<options>] [<file>]",
        discussion: """
            Each pass is laid out before the next. The form of a line is at the end of \
            Sources/Patching/Patching.docc/Semantics.md. A line that cannot be read is named on standard error and the rest \
            is still carried out; the exit status is then 1.

            Example:
              bpf-patch-fuzz apply --patcher delta-array Tests/Vectors/corners.jsonl
            """)

    @Option(help: "The patcher, if it is not --plugin.")
    var patcher: PatcherChoice?

    @Option(
        help: ArgumentHelp(
            "A shared object that exports bpf_patcher_v1(), in place of --patcher.", valueName: "[name=]file"),
        transform: pluginFile)
    var plugin: PluginFile?

    @OptionGroup var limit: TimeoutOption

    @Argument(help: "A file of JSON lines. Default: standard input.")
    var file = "-"

    mutating func validate() throws {
        if (patcher == nil) == (plugin == nil) { throw ValidationError("give either --patcher or --plugin") }
    }

    func run() throws {
        var isBroken = false
        do {
            let plugins = try PatcherChoice.plugins(plugin.map { [$0] } ?? [], host: Executable())
            guard let choice = patcher ?? plugins.first else { return }
            let name = file == "-" ? "<stdin>" : file
            try confine([choice], timeout: limit.seconds, input: name)
            let text = try read(file)
            var runner = ScriptRunner(choice.make())
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where !line.allSatisfy(\.isWhitespace) {
                let c: Case
                do { c = try ScriptLine.parse(String(line), file: name, number: number + 1) } catch {
                    complain("error: \(error)")
                    isBroken = true
                    continue
                }
                PluginProcess.begin(line: number + 1)
                let answer = try runner.apply(c)
                PluginProcess.rest()
                try Output.line(AnswerLine.print(name: c.name, answer))
            }
            if runner.skipped > 0 {
                complain(
                    "note: \(CountText.of(runner.skipped, "pass", plural: "passes")) are not supported by \(choice.name); "
                        + "their answer is that of the rules")
            }
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
        if isBroken { throw ExitCode.failure }
    }
}
