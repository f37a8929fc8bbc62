import ArgumentParser

/// `kernel`: the commands for the running kernel.
struct Kernel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract: "Check how the running kernel rewrites programs.",
        discussion: """
            Programs are loaded into the kernel, read back after its rewrites, and checked. This needs CAP_BPF, \
            CAP_PERFMON to read instructions, and CAP_NET_ADMIN for network programs; root has all of them outside of \
            containers.
            """,
        subcommands: [
            KernelRun.self, KernelReplay.self, KernelLoad.self, KernelStats.self,
        ])
}
