import ArgumentParser
import Campaign
import Foundation

/// `kernel replay`: loads cases that were found in a kernel into the running kernel.
struct KernelReplay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Load cases that were found in a kernel into the running kernel.",
        usage: "bpf-patch-fuzz kernel replay <paths> ... [<options>]",
        discussion: """
            Prints a line for each case: the running kernel still has the fault, or not. Programs are loaded, and run \
            only with --execute. A kernel with the fault may warn, become tainted or crash. A case whose load killed \
            or hung the process is not loaded again. Cases that were not found in a kernel are counted as not run. \
            Counts, exit status, --since, --before and --json are those of 'replay'.

            Example:
              sudo bpf-patch-fuzz kernel replay Crashes
            """)

    @Argument(help: "Case files (.case), or folders of them.")
    var paths: [String]

    @OptionGroup var known: KnownOption
    @OptionGroup var fix: FixOptions
    @Flag(help: "Also run the programs of cases that were found with 'kernel run --execute'.")
    var execute = false

    @OptionGroup var injection: InjectedFaultOption

    @Flag(help: "Print only the counts and failures, as one line of JSON.")
    var json = false

    @OptionGroup var files: ReportFileOptions

    func run() throws {
        try files.run("kernel replay") { files in
            let began = Date()
            var replayer = Replayer(
                JudgeChoice([], isDefault: true, isExecuting: execute, injectedFault: injection.fault),
                kernelUse: .alone,
                host: Executable())
            let session = ReplaySession(
                paths: paths, targets: [], known: known, fix: fix, json: json, usesKernel: true,
                isKernelAlone: true)
            let (summary, results) = try session.run(&replayer)
            let status = try session.finish(summary)
            var report = TestReport(
                summary, results: results, command: "kernel replay", seconds: Date().timeIntervalSince(began))
            if files.needsPictures { CasePainter(plugins: [], host: Executable()).paint(&report) }
            return (report, status)
        }
    }
}
