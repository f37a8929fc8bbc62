import ArgumentParser
import Campaign

/// The command line.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bpf-patch-fuzz",
        abstract: "Fuzzing of BPF instruction patchers with an exact oracle.",
        discussion: """
            Random programs and edits are generated. An exact oracle computes the one correct result of each case, so \
            that a single patcher can be tested without another one to compare it with.

            Exit status: 0 no findings, 77 findings, 1 the harness could not do its work, 64 wrong usage.
            """,
        version: "bpf-patch-fuzz \(Version.text)",
        subcommands: [
            Run.self, Exhaust.self, Merge.self, Report.self, Compare.self, Replay.self, Corpus.self, Minimize.self,
            Show.self, Export.self, Apply.self, Scale.self, Stats.self, Patchers.self, Faults.self, PluginCommand.self,
            Kernel.self, Child.self,
        ])
}
