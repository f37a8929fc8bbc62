import ArgumentParser
import Campaign
import Foundation
import Fuzzing
import Patching

/// `minimize`: minimizes one failing case.
struct Minimize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Minimize a failing case within its bucket.",
        usage: "bpf-patch-fuzz minimize <file> [<options>]",
        discussion: """
            The bucket is the one in the file's header if the case still hits it, else that of its first finding. The \
            minimized case is printed, or written to the file of -o; the input file is not changed unless -o names it. \
            A case that was found in a kernel is loaded into the running kernel, unless patchers are named. If its seed and \
            index generate it again, smaller programs are generated from fewer random choices; else instructions are \
            removed. With -o FILE.case, it is also written to FILE.c as a C program that needs only libbpf.

            Then every smaller case of one pass is run, if there are at most \
            \(CountText.grouped(mostSmaller)): with no more edits and no more \
            slots than the minimized case, and fewer of one. If one is in the bucket, it is the result. Otherwise the \
            number of smaller cases is printed, as smaller_cases with --json.

            Standard error shows the progress. After an interrupt, the smallest case so far is written, and the \
            process ends by the signal. --json lists the reducers with the numbers of proposed candidates (calls), of \
            candidates that were run (run), of those tried before (cached), and of those accepted (successes).

            Example:
              bpf-patch-fuzz minimize finding.case -o smaller.case
            """)

    @Argument(help: "A case file, or a file with one JSON line.")
    var file: String

    @Option(name: .shortAndLong, help: "The file for the minimized case. Default: standard output.")
    var output: String?

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions
    @OptionGroup var budget: BudgetOptions
    @Flag(help: "Also run the program of a case that was found with 'kernel run --execute'.")
    var execute = false

    @OptionGroup var injection: InjectedFaultOption

    @Flag(help: "Print the statistics as one line of JSON; the case is then written only with -o.")
    var json = false

    /// The largest number of smaller cases; if there are more, none is run.
    private static let mostSmaller: UInt64 = 100_000

    /// The object that `--json` prints.
    private struct Report: Encodable {
        var finding: StoredFinding
        var result: Minimizer.Result
        var seconds: Double

        private enum Keys: String, CodingKey { case candidates, seconds, interrupted, reducers }

        func encode(to encoder: any Encoder) throws {
            try finding.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(result.candidates, forKey: .candidates)
            try container.encode(seconds, forKey: .seconds)
            try container.encode(result.isInterrupted, forKey: .interrupted)
            try container.encode(result.reducers, forKey: .reducers)
        }
    }

    func run() throws {
        do {
            let c = try CaseSource.single(file)
            Interrupt.watch()
            // Checked first, since minimizing may take a minute.
            if let output { try CrashFolder.checkWritable(c, at: output) }
            if let bucket = c.bucket, c.loading != nil {
                if Case.mayBringDown(bucket) {
                    throw CampaignError("\(file): is not loaded again because it may crash the machine")
                }
                if Case.needsExecution(bucket) && !execute {
                    throw CampaignError("\(file): shows its fault only when its program is run; add --execute")
                }
            }
            let choice = try patchers.judgeChoice(judging, budget, isExecuting: execute, injectedFault: injection.fault)
            if choice.usesKernel(for: c) { complain(ReplaySession.warning) }
            let triage = try choice.target(for: c).makeTriage(host: Executable())
            let display = MinimizeDisplay(triage)
            guard let bucket = try bucket(of: c, triage) else {
                if Interrupt.isRequested { throw CampaignError("\(file): interrupted before the case was run") }
                if let target = choice.missingPatcher(of: c) {
                    throw CampaignError("\(file): was \(PatcherOptions.missingText(target))")
                }
                throw CampaignError("\(file): the case has no finding, so there is nothing to minimize")
            }
            let start = Date()
            display.begin(bucket, c)
            var result = triage.minimize(c, bucket: bucket)
            triage.judge.proveSmallest(&result, bucket: bucket, limit: Self.mostSmaller)
            display.end()
            // The name of a case that was not minimized no longer applies.
            if result.smallest.name == Case.asSeen { result.smallest.name = "" }
            if let failure = triage.failure { throw failure }
            let seconds = Date().timeIntervalSince(start)
            if let output {
                try CrashFolder.write(result.smallest, to: output)
                try CrashFolder.writeProgram(of: result.smallest, beside: output)
            }
            if json {
                var finding = StoredFinding(
                    result.smallest, bucket: bucket, file: output ?? file, seed: c.origin?.seed ?? 0,
                    index: c.origin?.index ?? 0, hits: 1)
                finding.smallerCases = result.smallerCases
                try Output.json(Report(finding: finding, result: result, seconds: seconds))
                printCollateral(of: result)
                endIfInterrupted(of: result)
                return
            }
            if output == nil { try Output.write(CaseFile.print(result.smallest)) }
            printCollateral(of: result)
            let (before, after) = (CaseSize(c), CaseSize(result.smallest))
            complain(
                "\(bucket): \(CountText.of(before.passes, "pass", plural: "passes")), "
                    + "\(CountText.of(before.edits, "edit")), \(CountText.of(before.insns, "slot")) became "
                    + "\(after.passes), \(after.edits), \(after.insns) with "
                    + CountText.of(result.candidates, "candidate")
                    + (result.smallerCases.map { "; proven smallest by \(CountText.of($0, "smaller case"))" } ?? ""))
            endIfInterrupted(of: result)
        } catch { throw stop(error) }
    }

    /// Prints the collateral buckets. This follows the output, so that a failed write is the only message.
    private func printCollateral(of result: Minimizer.Result) {
        for bucket in result.strays.keys.sorted() { complain("also hit: \(bucket)") }
    }

    /// After an interrupt, prints a message and ends by the signal.
    private func endIfInterrupted(of result: Minimizer.Result) {
        if !result.isInterrupted { return }
        complain("interrupted: this is the smallest case so far; run 'minimize' on it again to continue")
        Interrupt.endIfRequested()
    }

    /// The bucket to stay in, or `nil` without a finding.
    private func bucket(of c: Case, _ triage: any FindingTriage) throws(CampaignError) -> String? {
        if let fault = c.program.fault() { throw CampaignError("\(file): the program is ill formed: \(fault)") }
        // The named target is run first: the others may take long for a large case.
        if let named = c.bucket {
            let findings = triage.findings(of: c, against: Bucket.target(of: named))
            if let failure = triage.failure { throw failure }
            if findings.contains(where: { $0.bucket == named }) { return named }
        }
        let findings = triage.findings(of: c)
        if let failure = triage.failure { throw failure }
        return findings.first?.bucket
    }
}
