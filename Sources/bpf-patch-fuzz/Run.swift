import ArgumentParser
import Campaign
import Foundation
import Fuzzing

/// The options of a campaign with patchers.
struct PatcherCampaignOptions: CampaignOptions {
    @OptionGroup var range: RangeOptions

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions

    @Option(
        help: ArgumentHelp("An ELF object or folder whose programs are edited; may be repeated.", valueName: "path"))
    var objects: [String] = []

    @OptionGroup var workloads: WorkloadOptions

    @OptionGroup var budget: BudgetOptions

    var givenName: String? {
        patchers.givenName ?? judging.givenName ?? (objects.isEmpty ? nil : "--objects")
            ?? (workloads.names.isEmpty ? nil : "--workload") ?? budget.givenName
    }

    static func own(_ target: CampaignTarget) -> PatcherTarget? { target.patchers }

    func target(over target: PatcherTarget?, isKept: Bool) throws -> CampaignTarget {
        var target = target ?? PatcherTarget()
        if !patchers.isDefault {
            target.patchers = try patchers.chosen(within: range.time.map(CampaignClock.loadingTime))
        }
        target.oracleOptions = judging.oracleOptions(over: target.oracleOptions)
        if !objects.isEmpty {
            target.objects = isKept ? objects.map { URL(fileURLWithPath: $0).path } : objects
        }
        if !workloads.names.isEmpty { target.workloads = workloads.chosen }
        target.budget = budget.budget(over: target.budget)
        return .patchers(target)
    }
}

/// `run`: a campaign.
struct Run: CampaignCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a campaign.",
        discussion: """
            Without --cases or --time it runs until it is interrupted. Findings are written to the folder of --crashes, \
            one file a bucket, as soon as they are seen, and then minimized; those that there is no time for say so.

            A target that hangs, crashes or takes all memory over and over is left out of more and more cases, and \
            the summary says of how many. When no case was completed, or a target was never run, the exit status is 1.

            With --state the campaign is kept in a folder: after an interrupt, a crash of the machine or a full disk, \
            --resume goes on where it stopped. With it, --jobs, --known, --all, --json, --until-found and --on-finding may be \
            given anew, --cases may be \
            raised, and --time says how much longer to run.

            --json prints one object: seed, cases, seconds, cases_per_second, jobs, ended (found, interrupted, finished or \
            time is up), finished, arguments (those that repeat it), findings (an array of {bucket, target, rule, sentence, \
            detail, file, index, sightings, passes, edits, insns, patch_insns, known, …}), groups (an array of {sentence, \
            target, bucket, file, size, buckets, sightings, show, known}), and by target ran, the cases in which it carried \
            out a pass, and spared, those in which it was not given one that it does not claim to do. deaths is an array \
            of {target, hangs, memory, crashes, left_out}: a case in which a target hangs or crashes is in none of the \
            other counts, and left_out are the cases that it was not given for that. not_run are cases that no target was \
            given, and not in cases. never_run, doubts, state, known, parts and missing are there when they are needed; of \
            a kernel also loads, accepted, loads_per_second, refused, coverage, never_seen, not_understood, kernel, left_out \
            and executed.

            With --oracle reference, the rules that are written to be read judge the campaign, a few times slower. Where the \
            fast oracle has another result for a pass, that is a finding against the target 'oracle', in the bucket of its \
            fault, and the campaign goes on by the reference.

            Example: one minute on two cores, from the programs of installed objects:
              bpf-patch-fuzz run --time 60 --jobs 2 --objects /usr/lib/x86_64-linux-gnu/bpf

            Edits are random, or with --workload those that the kernel would make:
            \(WorkloadOptions.list)

            With --plugin, the plug-ins alone are tested, unless --patcher names others as well:
              bpf-patch-fuzz run --time 60 --plugin ./mine.so --crashes /tmp/crashes

            One case of a seed, with the result of each patcher:
              bpf-patch-fuzz run --seed 3 --index 249 --patcher all \\
                --patcher planted-back-jump

            To see a finding, name a patcher that is wrong on purpose:
              bpf-patch-fuzz run --cases 10000 --patcher planted-back-jump \\
                --crashes /tmp/crashes
            """)

    @OptionGroup var options: PatcherCampaignOptions

    @OptionGroup var kept: StateOptions

    @OptionGroup var session: SessionOptions

    @OptionGroup var single: SingleCaseOption

    @Flag(help: "Print a line for each bucket too, and findings that are known.")
    var all = false

    @Flag(help: "Print the report as one line of JSON, the last on standard output.")
    var json = false

    func prepare(_ target: CampaignTarget) throws { try options.judging.check(target.patchers?.patchers ?? []) }
}
