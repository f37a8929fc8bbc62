import ArgumentParser

/// `kernel`: what concerns the kernel that is running.
struct Kernel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract: "Check what the running kernel makes of programs.",
        discussion: """
            Programs are loaded, read back as the kernel rewrote them, and held against the rules. That needs CAP_BPF and, \
            to see instructions, CAP_PERFMON; root has both.
            """,
        subcommands: [
            KernelRun.self, KernelLoad.self, KernelStats.self, KernelWorker.self, KernelJudgeCommand.self,
        ])
}
