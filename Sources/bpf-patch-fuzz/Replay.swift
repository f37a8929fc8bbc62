import ArgumentParser
import Campaign
import Fuzzing
import Patching

/// `replay`: runs cases from files.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run case files, JSON lines and folders of them.",
        usage: "bpf-patch-fuzz replay <paths> ... [<options>]",
        discussion: """
            Prints a line for each case that fails, why cases were not run, and a last line with five counts: passed, \
            failed, known, not run, not readable. A case is passed when every patcher that was given it passed, and at \
            least one was. A patcher that was given no case at all is named, and the exit status is then 1; so is the \
            kernel with --kernel, when none of the cases found in one was loaded.

            A file that cannot be read is named with line and column, and the rest is still run; the exit status is then 1, \
            or 77 when something failed as well. No case at all is an error too. Buckets of --known do not count for the \
            exit status. Each case is run under the conditions that its file names.

            The edits of a case that was found in a kernel go through the patchers as well. The case itself is loaded into \
            the running kernel only with --kernel, or by 'kernel replay', and is otherwise counted as not run: a kernel that \
            has the fault may warn, be tainted or stop.

            --json prints one object: passed, failed, known, not_run, not_readable, reasons (an array of {count, reason} \
            for those not run), targets (an array of {name, run, not_run}) and failures (an array of {file, name, bucket, \
            sentence, \
            detail, known}).

            A doubted finding is decided by the reference, the rules that are written to be read: it fails again if the \
            patcher is wrong, and as a finding against the target 'oracle' if the fast oracle is. A case that was found \
            against 'oracle' is judged so without being told.

            Examples:
              bpf-patch-fuzz replay Seeds Crashes
              bpf-patch-fuzz replay --oracle reference finding.case
            """)

    @Argument(help: "Case files (.case), JSON lines (.jsonl), or folders of them.")
    var paths: [String]

    @Flag(help: "Also load cases that were found in a kernel into the running one.")
    var kernel = false

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions
    @OptionGroup var budget: BudgetOptions
    @OptionGroup var known: KnownOption
    @OptionGroup var injection: PlantOption

    @Flag(help: "Print the counts and failures as one line of JSON instead.")
    var json = false

    /// The reason why a kernel case is not run.
    static let needsKernel = Replayer.needsKernel + ", which is loaded only with --kernel"

    func run() throws {
        do {
            let choice = try patchers.judgeChoice(judging, budget, plant: injection.plant)
            try judging.check(choice.patchers)
            var missing: [String: Int] = [:]
            var replayer = Replayer(
                choice, kernelUse: kernel ? .also : .none(reason: Self.needsKernel), host: Executable())
            let session = ReplaySession(
                paths: paths, targets: choice.patchers.map(\.name) + (kernel ? [Finding.kernelTarget] : []), known: known,
                json: json, usesKernel: kernel)
            let summary = try session.run(&replayer) { c in
                if let target = choice.missingPatcher(of: c) { missing[target, default: 0] += 1 }
            }
            for (target, count) in missing.sorted(by: { $0.key < $1.key }) {
                complain("note: \(CountText.of(count, "case")) of these \(PatcherOptions.missingText(target))")
            }
            try session.finish(summary)
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }
}
