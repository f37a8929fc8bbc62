import ArgumentParser

/// `kernel`: the commands for the kernel that is running.
struct Kernel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract: "Check how the running kernel rewrites programs.",
        discussion: """
            Programs are loaded, read back as the kernel rewrote them, and compared with the rules. That needs CAP_BPF, \
            CAP_NET_ADMIN for programs of the network and CAP_PERFMON to see instructions; root outside of containers has \
            all of them.
            """,
        subcommands: [
            KernelRun.self, KernelReplay.self, KernelLoad.self, KernelStats.self,
        ])
}
