import ArgumentParser
import Campaign
import Foundation
import Fuzzing

/// The name of a fault of the catalogue on the command line.
struct FaultName: ExpressibleByArgument {
    var fault: PlantedFault

    /// Reads a name.
    init?(argument: String) {
        guard let fault = PlantedFault(name: argument) else { return nil }
        self.fault = fault
    }
}

/// `faults`: measures whether the harness finds faults.
struct Faults: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast planted faults are found, and how small their cases become.",
        usage: "bpf-patch-fuzz faults [<options>]",
        discussion: """
            The catalogue has \(PlantedFault.all.count) faulty patchers. Each has one fault and is otherwise exact; \
            many have the fault of a kernel, whose commit is named. For each of them, a campaign with the settings of \
            'run' is ended by its first finding, which is then minimized. Then every smaller case is run, up to \
            --smaller of them: is one in the same bucket?

            The exit status is 77 if a fault is not found within --time.

            --json prints an array of {fault, summary, source, detected, cases, seconds, bucket, edits, insns, \
            patch_insns, smallest: {edits, insns, patch_insns}}. source is null for a fault of this project, and \
            smallest if it is not known. 'run --patcher FAULT' runs a whole campaign against a fault.

            With --kernel-tree, the faults are made from the functions that 'plugin build' takes: one expression or \
            statement of each is changed. The score is the share of these mutants that are found, without those that \
            a list of --equivalents names. Survivors are printed with file, line and change. A finding that the \
            unchanged functions have too does not count. The exit status is 77 if a mutant survives.

            A line of --equivalents is FUNCTION: OLD LINE => NEW LINE # REASON, or FUNCTION: DIGEST # REASON without \
            text of the kernel; 'survived' prints both. The file is for mutants that no case can tell from the \
            unchanged code; these get a tenth of --time. Crashes/equivalents-6.12.txt is the one for Linux 6.12.

            With --kernel-tree, --json prints an object: release, mutants, found, equivalent, survived, score, own \
            (the buckets of the unchanged functions), unmutated (an array of {function, reason}) and trials (an \
            array of {kind, file, line, function, before, after, name, detected, cases, seconds, bucket, equivalence}).

            With --historical too, the faults are those that Linux had in these functions, or that its CI caught \
            in a patch: each is planted by an edit of the reader's copy, and must be found. One that the tree still \
            has is mended instead: it must be found without the edit and not with it. A fault whose edit does not \
            fit the tree, or that is not tested, is named with the reason. The exit status is 77 if a planted fault \
            is not found, and 1 if none fits. --json prints an object: release, own, unchanged_cases (the cases that \
            the unchanged functions ran) and faults (an array of {fault, summary, source, place, mended, detected, \
            cases, seconds, bucket, reason}).

            Example: all faults on two cores:
              bpf-patch-fuzz faults --jobs 2

            One fault, as JSON:
              bpf-patch-fuzz faults --fault planted-skip-forgotten --json

            The mutants of a kernel tree:
              bpf-patch-fuzz faults --kernel-tree ~/linux --jobs 2 --time 5

            The faults that Linux had, in a kernel tree:
              bpf-patch-fuzz faults --historical --kernel-tree ~/linux --jobs 2
            """)

    @Option(
        name: .customLong("fault"),
        help: ArgumentHelp("A fault to search for; may be repeated. Default: all.", valueName: "name"))
    var names: [FaultName] = []

    @Option(
        parsing: .unconditional, help: "The seed of all random choices. Default: 1.", transform: NumberOption.seed)
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The time limit for each fault: seconds, or 90s. Default: 10s.", valueName: "time"),
        transform: NumberOption.time(from: 0.001))
    var time: Double?

    @Option(
        parsing: .unconditional, help: "The number of worker processes. Default: 1.",
        transform: NumberOption.count(in: 1...4096))
    var jobs: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The number of smaller cases to run for a minimized one; 0 for none. Default: 400000.", valueName: "n"),
        transform: NumberOption.count)
    var smaller: UInt64?

    @OptionGroup var mutation: MutationOptions

    @Flag(help: "Print the result as one line of JSON: an array of faults, or an object for a kernel tree.")
    var json = false

    func validate() throws {
        if mutation.tree == nil {
            if let name = mutation.givenName { throw ValidationError("\(name) needs --kernel-tree") }
        } else if !names.isEmpty || smaller != nil {
            throw ValidationError("--kernel-tree has faults of its own; leave out --fault and --smaller")
        } else if mutation.historical, let name = mutation.mutantName {
            throw ValidationError("\(name) is for mutants; leave it out with --historical")
        }
    }

    func run() throws {
        Interrupt.watch()
        if let tree = mutation.tree, mutation.historical {
            var settings = HistoricalSearch.Settings()
            if let seed { settings.seed = seed }
            if let time { settings.time = time }
            if let jobs { settings.jobs = jobs }
            do { return try mutation.runHistorical(tree, settings, json: json) } catch let code as ExitCode {
                throw code
            } catch { throw stop(error) }
        }
        if let tree = mutation.tree {
            var settings = MutationScore.Settings()
            if let seed { settings.seed = seed }
            if let time { settings.time = time }
            if let jobs { settings.jobs = jobs }
            settings.count = mutation.count
            do { return try mutation.run(tree, settings, json: json) } catch let code as ExitCode { throw code } catch {
                throw stop(error)
            }
        }
        var settings = FaultTrial.Settings()
        if let seed { settings.seed = seed }
        if let time { settings.time = time }
        if let jobs { settings.jobs = jobs }
        if let smaller { settings.smaller = smaller }
        let faults = names.isEmpty ? PlantedFault.all : names.map(\.fault)
        var trials: [FaultTrial] = []
        do {
            for fault in faults {
                let trial = try FaultTrial(of: fault, settings, host: Executable())
                if Interrupt.isRequested { break }
                trials.append(trial)
                if !json { try Output.line(trial.text) }
            }
            if json { try Output.json(trials) } else { try Output.line(FaultTrial.summary(of: trials)) }
        } catch { throw stop(error) }
        if trials.count < faults.count {
            complain("interrupted after \(CountText.of(trials.count, "fault")) of \(faults.count)")
            throw ExitCode.failure
        }
        if trials.contains(where: { !$0.isDetected }) { throw ExitCode.findings }
    }
}
