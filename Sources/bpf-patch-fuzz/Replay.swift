import ArgumentParser
import Campaign
import Foundation
import Fuzzing
import Patching

/// `replay`: runs cases from files.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run case files, JSON lines and folders of them.",
        usage: "bpf-patch-fuzz replay <paths> ... [<options>]",
        discussion: """
            Prints a line for each failed case, the reasons why cases were not run, and a last line with five counts: \
            passed, failed, known, not run, not readable. A case passes if at least one patcher runs it and all that \
            run it pass. A patcher that runs no case is an error with exit status 1. With --kernel, so is a kernel \
            into which no case was loaded.

            A file that cannot be parsed is reported with line and column, and the other files are still run; the exit \
            status is then 1, or 77 if a case failed too. It is also an error if there is no case. Buckets of --known \
            do not affect the exit status. Each case is run under the conditions in its file.

            The edits of a case that was found in a kernel are also run by the patchers. The case itself is loaded \
            into the running kernel only with --kernel, or by 'kernel replay'; otherwise it is counted as not run. A \
            kernel with the fault may warn, become tainted or crash.

            A case that passes after a fix says little alone. --since names the state of a campaign that ran after \
            the fix, and --before that of one that ran before it: each passed case with a bucket then has a line \
            with the cases in which the bucket was not seen since, and how often it was seen before. Each number was \
            counted by one of these campaigns. They should have the same options, and targets that support the same, \
            or there is no rate to compare with.

            --json prints one object: passed, failed, known, not_run, not_readable, reasons (an array of {count, \
            reason} for cases not run), targets (an array of {name, run, not_run}), failures (an array of {file, \
            name, bucket, sentence, detail, known}) and, with --since, fixes (an array of {file, bucket, since, before, \
            every, difference}, where since and before are {cases, sightings, seen}; unknown ones are null).

            Inputs of libFuzzer and AFL++ are run as well: files whose name is a SHA-1, also after crash-, timeout-, \
            oom- or slow-unit-, and those named id:000000,... Their cases depend on the capabilities of the patchers, \
            so name the same --patcher and --plugin as for the engine.

            If a finding is in doubt, replay it with --oracle reference: it fails again if the patcher is wrong, or as \
            a finding against the target 'oracle' if the fast oracle is wrong. Findings against 'oracle' always use \
            the reference.

            Examples:
              bpf-patch-fuzz replay Seeds Crashes
              bpf-patch-fuzz replay --oracle reference finding.case
              bpf-patch-fuzz replay --patcher engine corpus
              bpf-patch-fuzz replay --since new-state --before old-state Crashes
            """)

    @Argument(help: "Case files (.case), JSON lines (.jsonl), engine inputs, or folders of them.")
    var paths: [String]

    @Flag(help: "Also load cases that were found in a kernel into the running kernel.")
    var kernel = false

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions
    @OptionGroup var budget: BudgetOptions
    @OptionGroup var known: KnownOption
    @OptionGroup var fix: FixOptions
    @OptionGroup var injection: InjectedFaultOption

    @Flag(help: "Print only the counts and failures, as one line of JSON.")
    var json = false

    /// The reason why a kernel case is not run.
    static let needsKernel = Replayer.needsKernel + ", which is loaded only with --kernel"

    @OptionGroup var files: ReportFileOptions

    func run() throws {
        try files.run("replay") { files in
            let began = Date()
            let choice = try patchers.judgeChoice(judging, budget, injectedFault: injection.fault)
            try judging.check(choice.patchers)
            var missing: [String: Int] = [:]
            var replayer = Replayer(
                choice, kernelUse: kernel ? .also : .none(reason: Self.needsKernel), host: Executable())
            let session = ReplaySession(
                paths: paths, targets: choice.patchers.map(\.name) + (kernel ? [Finding.kernelTarget] : []),
                known: known, fix: fix,
                json: json, usesKernel: kernel, plugins: patchers.plugins,
                limits: PatcherTarget(choice.patchers).limits)
            let (summary, results) = try session.run(&replayer) { c in
                if let target = choice.missingPatcher(of: c) { missing[target, default: 0] += 1 }
            }
            for (target, count) in missing.sorted(by: { $0.key < $1.key }) {
                complain("note: \(CountText.of(count, "case")) of these \(PatcherOptions.missingText(target))")
            }
            let status = try session.finish(summary)
            var report = TestReport(
                summary, results: results, command: "replay", seconds: Date().timeIntervalSince(began))
            if files.needsPictures { CasePainter(plugins: patchers.plugins, host: Executable()).paint(&report) }
            return (report, status)
        }
    }
}
