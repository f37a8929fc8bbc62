import ArgumentParser
import Campaign

/// The command line.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bpf-patch-fuzz",
        abstract: "Differential fuzzing of BPF instruction patchers.",
        discussion: """
            Programs and edits are made at random, put through every patcher side by side, and an oracle checks that \
            every jump still reaches the instruction it meant.

            Exit status: 0 clean, 77 findings, 1 the harness could not do its work, 64 wrong usage.
            """,
        version: "bpf-patch-fuzz \(Version.text)",
        subcommands: [
            Run.self, Merge.self, Replay.self, Minimize.self, Show.self, Apply.self, Scale.self, Stats.self,
            Patchers.self, PluginCommand.self, Kernel.self, RunWorker.self, RunJudge.self, Describe.self,
        ])
}
