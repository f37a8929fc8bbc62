import ArgumentParser
import Campaign
import Foundation
import Plugins
import UserFiles

/// `plugin`: the commands for patchers from outside.
struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Make patchers from outside.", subcommands: [PluginBuild.self])
}

/// `plugin build`: a shared object out of the functions of a kernel tree.
struct PluginBuild: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make a plug-in of the functions of a kernel tree.",
        usage: "bpf-patch-fuzz plugin build --kernel-tree <path> -o <file.so> [<options>]",
        discussion: """
            bpf_patch_insn_single, bpf_patch_insn_data, bpf_remove_insns, verifier_remove_insns, adjust_jmp_off and all \
            they call are copied unchanged from kernel/bpf/*.c, and compiled with stand-ins for the rest of the \
            kernel. The compiler is $CC, the clang beside swift, or cc.

            Examples:
              bpf-patch-fuzz plugin build --kernel-tree ~/linux -o kernel.so
              bpf-patch-fuzz plugin build -o kernel.so \\
                --kernel-tree /usr/src/linux-source-6.12.tar.xz

            To find the commit that broke a tree; with a fixed seed every commit has the same cases, and the first finding \
            is enough:
              git bisect run sh -c '
                bpf-patch-fuzz plugin build --bisect --kernel-tree . \\
                  -o /tmp/kernel.so || exit
                bpf-patch-fuzz run --seed 1 --cases 100000 --until-found \\
                  --plugin /tmp/kernel.so --crashes /tmp/crashes
                status=$?
                case $status in 1 | 64) exit 128 ;; esac
                exit $status'
            """)

    /// The sanitizers that a plug-in can be compiled with.
    enum Sanitizer: String, CaseIterable, ExpressibleByArgument { case address }

    @Option(
        name: .customLong("kernel-tree"),
        help: .init("A checkout, an unpacked source package, or its .tar.xz.", valueName: "path"))
    var tree: String

    @Option(name: .shortAndLong, help: .init("Where the shared object goes.", valueName: "file.so"))
    var output: String

    @Option(help: "Check memory while the plug-in runs.")
    var sanitize: [Sanitizer] = []

    @Flag(
        help:
            "For git bisect run: end with status 125 when the tree does not build, and 128 when nothing can be said of it."
    )
    var bisect = false

    @Flag(help: "Say where each function was taken from.")
    var verbose = false

    @Option(
        name: .customLong("keep-source"),
        help: .init("Also leave the file that is compiled, to read it or compile it by hand.", valueName: "file.c"))
    var keptSource: String?

    @Option(
        name: .customLong("stand-ins"),
        help: .init(
            "A header with stand-ins for functions that are called and that 'plugin build' does not know.",
            valueName: "file.h"))
    var standIns: String?

    /// The status that tells `git bisect run` to pass over a commit.
    private static let untestable = ExitCode(125)
    /// The status that ends `git bisect run`.
    private static let harmed = ExitCode(128)

    /// The status for a command line that makes no sense: `git bisect run` takes 64 for a fault of the commit.
    ///
    /// - Returns: `nil` when it is not one that bisects
    static func status(ofWrongUse words: [String]) -> Int32? {
        words.starts(with: ["plugin", "build"]) && words.contains("--bisect") ? harmed.rawValue : nil
    }

    func run() throws {
        do {
            SignalCleanup.begin()
            // Before an archive is unpacked.
            try KernelPlugin.check(output: output, keepingSource: keptSource, standIns: standIns, tree: self.tree)
            let tree = try unpacked()
            let plugin = try KernelPlugin(
                of: tree, output: output, sanitizers: sanitize.map(\.rawValue), keepingSource: keptSource,
                standIns: standIns)
            try report(plugin)
        } catch let fault as KernelTreeFault {
            SignalCleanup.standAside()
            complain("error: \(fault)")
            throw bisect ? PluginBuild.untestable : ExitCode.failure
        } catch {
            SignalCleanup.standAside()
            // No commit is at fault, and the bisection ends.
            let status = stop(error)
            throw bisect ? PluginBuild.harmed : status
        }
    }

    /// The tree, with a word about an archive that takes a while.
    private func unpacked() throws -> KernelTree {
        var progress = UnpackingProgress(archive: tree)
        defer { progress.end() }
        return try KernelTree(path: tree) { progress.show($0) }
    }

    private func report(_ plugin: KernelPlugin) throws {
        if verbose { for function in plugin.functions { try Output.line("\(function.place): \(function.name)()") } }
        let files = Set(plugin.functions.map { $0.place.prefix { $0 != ":" } }).sorted()
        func say(_ text: String) throws { try Output.line(OutputWidth.wrap(text)) }
        try say(
            "\(output): \(plugin.name), built from \(CountText.of(plugin.functions.count, "function")) of Linux \(plugin.release), from "
                + files.joined(separator: ", "))
        for limit in plugin.limits { try say("note: \(limit)") }
        // The loader looks for a name without a slash elsewhere.
        let path = output.contains("/") ? output : "./" + output
        let command = ["run", "--time", "60", "--plugin", path]
        try Output.line(
            StaticExecutable.isRunning
                ? "test it with a tool that 'make build' makes: \(ShellText.of(["bpf-patch-fuzz"] + command))"
                : "test it with: \(ShellText.of([CommandLine.arguments[0]] + command))")
    }
}
