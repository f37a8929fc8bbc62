import ArgumentParser
import Campaign
import Plugins
import UserFiles

/// `plugin adapter`: prints the start of an adapter for functions of a kernel tree.
struct PluginAdapter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapter",
        abstract: "Print the start of an adapter for functions of a kernel tree.",
        usage: "bpf-patch-fuzz plugin adapter --kernel-tree <path> --take <name> ...",
        discussion: """
            An adapter is C code that carries out edits through functions of a tree. The text is filled in from the \
            prototypes of the functions. Read it, correct it, and pass it to 'plugin build --adapter'.

            Example:
              bpf-patch-fuzz plugin adapter --kernel-tree ~/linux \\
                --take bpf_patch_insn_data --take verifier_remove_insns
            """)

    @Option(
        name: .customLong("kernel-tree"),
        help: .init("A checkout, an unpacked source package, or its .tar.xz.", valueName: "path"))
    var tree: String

    @Option(help: .init("A function to call; functions are called in the order given.", valueName: "name"))
    var take: [String]

    @Option(
        help: .init(
            "Also read this file of the tree, as kernel/trace/bpf_trace.c; may be repeated.", valueName: "path"))
    var read: [String] = []

    func run() throws {
        do {
            SignalCleanup.begin()
            var progress = UnpackingProgress(archive: tree)
            defer { progress.end() }
            let tree = try KernelTree(path: tree) { progress.show($0) }
            let template = try AdapterTemplate(of: tree, taking: take, reading: read)
            for line in template.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                try Output.line(String(line))
            }
        } catch {
            SignalCleanup.standAside()
            throw stop(error)
        }
    }
}
