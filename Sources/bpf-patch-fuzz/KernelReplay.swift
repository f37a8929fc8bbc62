import ArgumentParser
import Campaign

/// `kernel replay`: loads cases that were found in a kernel into the running one.
struct KernelReplay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Load cases that were found in a kernel into the running one.",
        usage: "bpf-patch-fuzz kernel replay <paths> ... [<options>]",
        discussion: """
            A line says of each case whether the running kernel still shows the fault. Programs are \
            loaded and not run, unless --execute is given. A kernel that has the fault may warn, be tainted or stop; a case whose load ended the process, or did not end, is not loaded again. \
            Other cases are counted as not run. Counts, exit status and --json are those of 'replay'.

            Example:
              sudo bpf-patch-fuzz kernel replay Crashes
            """)

    @Argument(help: "Case files (.case), or folders of them.")
    var paths: [String]

    @OptionGroup var known: KnownOption
    @Flag(help: "Also run the programs of cases that were found with 'kernel run --execute'.")
    var execute = false

    @OptionGroup var injection: PlantOption

    @Flag(help: "Print the counts and failures as one line of JSON instead.")
    var json = false

    func run() throws {
        do {
            var replayer = Replayer(
                JudgeChoice([], isDefault: true, isExecuting: execute, plant: injection.plant), kernelUse: .alone,
                host: Executable())
            let session = ReplaySession(paths: paths, targets: [], known: known, json: json, usesKernel: true)
            try session.finish(try session.run(&replayer))
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }
}
