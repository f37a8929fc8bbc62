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
            The bucket is the one in the file's header when the case is in it, else that of its first finding. Without \
            -o the smaller case is printed; the file itself is never changed unless it is named by -o. A case that was \
            found in a kernel is loaded into the running one, unless patchers are named; with -o FILE.case, FILE.c shows it \
            with libbpf alone.

            Standard error shows how far it has come. An interrupt ends it at once with the smallest case so far, which is \
            written like any other; the process then ends by the signal. --json lists the reducers, each with the \
            candidates that it proposed (calls), those that were run, those that had been tried before (cached) and those \
            that were taken (successes).

            Example:
              bpf-patch-fuzz minimize finding.case -o smaller.case
            """)

    @Argument(help: "A case file, or a file with one JSON line.")
    var file: String

    @Option(name: .shortAndLong, help: "Where to write the smaller case.")
    var output: String?

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions
    @OptionGroup var budget: BudgetOptions
    @Flag(help: "Also run the program of a case that was found with 'kernel run --execute'.")
    var execute = false

    @OptionGroup var injection: PlantOption

    @Flag(help: "Print the statistics as one line of JSON; the case itself then needs -o.")
    var json = false

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
            // Before the minute that minimizing may take.
            if let output { try CrashFolder.checkWritable(c, at: output) }
            if let bucket = c.bucket, c.loading != nil {
                if Case.mayBringDown(bucket) {
                    throw CampaignError("\(file): is not loaded again, since it may bring the machine down")
                }
                if Case.needsExecution(bucket) && !execute {
                    throw CampaignError("\(file): shows its fault only when its program is run; add --execute")
                }
            }
            let choice = try patchers.judgeChoice(judging, budget, isExecuting: execute, plant: injection.plant)
            if choice.usesKernel(for: c) { complain(ReplaySession.warning) }
            let triage = try choice.target(for: c).makeTriage(host: Executable())
            let display = MinimizeDisplay(triage)
            guard let bucket = try bucket(of: c, triage) else {
                if Interrupt.isRequested { throw CampaignError("\(file): interrupted before the case had been run") }
                if let target = choice.missingPatcher(of: c) {
                    throw CampaignError("\(file): was \(PatcherOptions.missingText(target))")
                }
                throw CampaignError("\(file): nothing is wrong with this case, so there is nothing to minimize")
            }
            let start = Date()
            display.begin(bucket, c)
            var result = triage.minimize(c, bucket: bucket)
            display.end()
            // It was seen like that before.
            if result.smallest.name == Case.asSeen { result.smallest.name = "" }
            if let failure = triage.failure { throw failure }
            let seconds = Date().timeIntervalSince(start)
            if let output {
                try CrashFolder.write(result.smallest, to: output)
                try CrashFolder.writeProgram(of: result.smallest, beside: output)
            }
            if json {
                let finding = StoredFinding(
                    result.smallest, bucket: bucket, file: output ?? file, seed: c.origin?.seed ?? 0,
                    index: c.origin?.index ?? 0, hits: 1)
                try Output.json(Report(finding: finding, result: result, seconds: seconds))
                noteStrays(of: result)
                noteInterrupt(of: result)
                return
            }
            if output == nil { try Output.write(CaseFile.print(result.smallest)) }
            noteStrays(of: result)
            let (before, after) = (CaseSize(c), CaseSize(result.smallest))
            complain(
                "\(bucket): \(CountText.of(before.passes, "pass", plural: "passes")), "
                    + "\(CountText.of(before.edits, "edit")), \(CountText.of(before.insns, "slot")) became "
                    + "\(after.passes), \(after.edits), \(after.insns) with "
                    + CountText.of(result.candidates, "candidate"))
            noteInterrupt(of: result)
        } catch { throw stop(error) }
    }

    /// Names the buckets that were met on the way, after the output: a reader that has ended is then the only thing said.
    private func noteStrays(of result: Minimizer.Result) {
        for bucket in result.strays.keys.sorted() { complain("also met: \(bucket)") }
    }

    /// Says that not all was tried, and ends by the signal that is the reason.
    private func noteInterrupt(of result: Minimizer.Result) {
        if !result.isInterrupted { return }
        complain("interrupted: this is the smallest case so far, 'minimize' may make it smaller")
        Interrupt.endIfRequested()
    }

    /// The bucket to stay in, or `nil` when nothing is wrong.
    private func bucket(of c: Case, _ triage: any FindingTriage) throws(CampaignError) -> String? {
        if let fault = c.program.fault() { throw CampaignError("\(file): the program is ill formed: \(fault)") }
        // Of a large case the others would take long, and the case is about the named target.
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
