import ArgumentParser
import Campaign

/// The command line.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bpf-patch-fuzz",
        abstract: "Fuzzing of BPF instruction patchers with an exact oracle.",
        discussion: """
            Programs and edits are made at random. An exact oracle computes the one right result of each case, so that a \
            single patcher can be judged alone; several are compared with each other as well.

            Exit status: 0 clean, 77 findings, 1 the harness could not do its work, 64 wrong usage.
            """,
        version: "bpf-patch-fuzz \(Version.text)",
        subcommands: [
            Run.self, Merge.self, Replay.self, Minimize.self, Show.self, Apply.self, Scale.self, Stats.self,
            Patchers.self, PluginCommand.self, Kernel.self, Child.self,
        ])
}
