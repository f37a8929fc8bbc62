import ArgumentParser
import Campaign
import Foundation
import Fuzzing
import Patching
import Plugins
import UserFiles

/// `plugin`: the commands for plug-ins.
struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Build plug-ins.", subcommands: [PluginBuild.self, PluginAdapter.self])
}

/// Parses the value of `--pass`.
///
/// - Throws: `ValidationError` if no plug-in can run this pass
func kernelPass(_ name: String) throws -> KernelPass {
    if let pass = KernelPass(name: name) { return pass }
    throw ValidationError(
        "--pass \(name): this pass cannot be tested; these can: "
            + KernelPass.allCases.map(\.name).joined(separator: ", "))
}

/// `plugin build`: builds a plug-in from the functions of a kernel tree.
struct PluginBuild: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build a plug-in from the functions of a kernel tree.",
        usage: "bpf-patch-fuzz plugin build --kernel-tree <path> -o <file.so> [<options>]",
        discussion: """
            bpf_patch_insn_single, bpf_patch_insn_data, bpf_remove_insns, verifier_remove_insns, adjust_jmp_off and \
            the functions that they call are copied unchanged from kernel/bpf/*.c and compiled with stand-ins for the \
            rest of the kernel. The compiler is $CC, the clang of the Swift toolchain, or cc.

            With --adapter, other functions are tested: those that the file calls and does not define. It defines \
            apply(), which carries out a whole pass, or step(), which carries out one edit.

            With --pass, a pass of the kernel that uses these functions is tested, on programs with the aux data \
            that the verifier would have left. 'run --workload kernel-passes' makes such programs. The names are those \
            of Linux 6.1 to 6.12. Trees of 2026 have most of these functions with the prefix bpf_, and are read too.

            Examples:
              bpf-patch-fuzz plugin build --kernel-tree ~/linux -o kernel.so
              bpf-patch-fuzz plugin build --kernel-tree ~/linux -o new.so --adapter new.c
              bpf-patch-fuzz plugin build --kernel-tree ~/linux -o nops.so \\
                --pass opt_remove_nops --pass opt_remove_dead_code
              bpf-patch-fuzz plugin build -o kernel.so \\
                --kernel-tree /usr/src/linux-source-6.12.tar.xz

            To find the commit that broke a tree, with the same cases for every commit, up to the first finding:
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

    @Option(name: .shortAndLong, help: .init("The file for the shared object.", valueName: "file.so"))
    var output: String

    @Option(help: "Compile with a sanitizer: 'address' checks memory accesses.")
    var sanitize: [Sanitizer] = []

    @Flag(
        help:
            "For git bisect run: exit with status 125 if the tree does not build, and 128 for any other error."
    )
    var bisect = false

    @Flag(help: "Print the source file and line of each function.")
    var verbose = false

    @Option(
        name: .customLong("keep-source"),
        help: .init("Also write the compiled source file.", valueName: "file.c"))
    var keptSource: String?

    @Option(
        name: .customLong("stand-ins"),
        help: .init(
            "A header with stand-ins for called functions that 'plugin build' does not know; may be repeated.",
            valueName: "file.h"))
    var standIns: [String] = []

    @Option(
        name: .customLong("include"),
        help: .init("Another header with stand-ins; may be repeated.", valueName: "file.h"))
    var included: [String] = []

    @Option(
        help: .init(
            "C code that carries out edits through other functions of the tree; 'plugin adapter' prints a start.",
            valueName: "file.c"))
    var adapter: String?

    @Option(
        name: .customLong("pass"),
        help: .init(
            """
            Test this pass of the kernel instead of single edits; may be repeated: \
            \(KernelPass.allCases.map(\.name).joined(separator: ", ")).
            """, valueName: "name"),
        transform: kernelPass)
    var passes: [KernelPass] = []

    @Option(help: .init("Take this function or type out of the tree too; may be repeated.", valueName: "name"))
    var take: [String] = []

    @Option(
        help: .init(
            "Also read this file of the tree, as kernel/trace/bpf_trace.c; may be repeated.", valueName: "path"))
    var read: [String] = []

    @Flag(help: "Count the lines and conditions of the functions that run, for 'run --plugin-coverage'.")
    var coverage = false

    /// The status that makes `git bisect run` skip a commit.
    static let untestable = ExitCode(125)
    /// The status that ends `git bisect run`.
    static let harmed = ExitCode(128)

    /// The status for wrong usage with `--bisect`, since `git bisect run` would take 64 for a bad commit.
    ///
    /// - Returns: `nil` for other command lines
    static func status(ofWrongUse words: [String]) -> Int32? {
        (words.starts(with: ["plugin", "build"]) || words.first == Compare._commandName) && words.contains("--bisect")
            ? harmed.rawValue : nil
    }

    private var request: KernelPlugin.Request {
        var request = KernelPlugin.Request(
            output: output, sanitizers: sanitize.map(\.rawValue), keepingSource: keptSource,
            standIns: standIns + included, adapter: adapter, taking: take, reading: read, counting: coverage)
        request.passes = KernelPass.allCases.filter(passes.contains)
        return request
    }

    mutating func validate() throws {
        if adapter != nil && !passes.isEmpty {
            throw ValidationError("--adapter tests edits and --pass a pass of the kernel; name one of them")
        }
    }

    func run() throws {
        do {
            SignalCleanup.begin()
            // Checked first, since unpacking an archive takes long.
            try KernelPlugin.check(request, tree: self.tree)
            let tree = try unpacked()
            try report(try KernelPlugin(of: tree, request))
        } catch let fault as KernelTreeFault {
            SignalCleanup.standAside()
            complain("error: \(fault)")
            throw bisect ? PluginBuild.untestable : ExitCode.failure
        } catch {
            SignalCleanup.standAside()
            // The error is not of this commit, so the bisection must end.
            let status = stop(error)
            throw bisect ? PluginBuild.harmed : status
        }
    }

    /// The tree; shows the progress while an archive is unpacked.
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
        try say(plugin.scope.sentence)
        for note in plugin.scope.notes + plugin.notes + plugin.limits { try say("note: \(note)") }
        // The dynamic loader searches a name without a slash in its library path.
        let path = output.contains("/") ? output : "./" + output
        let workload = passes.isEmpty ? [] : ["--workload", Workload.kernelPasses.name]
        let command = ["run", "--time", "60"] + workload + ["--plugin", path]
        try Output.line(
            StaticExecutable.isRunning
                ? "test it with the executable of 'make build': \(ShellText.of(["bpf-patch-fuzz"] + command))"
                : "test it with: \(ShellText.of([CommandLine.arguments[0]] + command))")
    }
}
