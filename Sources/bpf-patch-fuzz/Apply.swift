import ArgumentParser
import Campaign
import Foundation
import Fuzzing
import Patching

/// `apply`: runs scripts of edit passes with one patcher and prints the results.
struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply JSON lines with one patcher and print the results as JSON lines.",
        usage: "bpf-patch-fuzz apply [<options>] [<file>]",
        discussion: """
            Each line is a program with edit passes; the format is described at the end of \
            Sources/Patching/Patching.docc/Semantics.md. The result of each pass is the input of the next one. A line \
            that cannot be parsed is reported on standard error, the other lines are still applied, and the exit \
            status is 1.

            Example:
              bpf-patch-fuzz apply --patcher delta-array Tests/Vectors/corners.jsonl
            """)

    @Option(help: "The patcher to use, unless --plugin is given.")
    var patcher: PatcherChoice?

    @Option(
        help: ArgumentHelp(
            "A shared object that exports bpf_patcher_v1(), instead of --patcher.", valueName: "[name=]file"),
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
            try refuseKernelPasses([choice], in: Self._commandName)
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
                        + "their results are the oracle's")
            }
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
        if isBroken { throw ExitCode.failure }
    }
}
