import ArgumentParser
import Campaign
import Foundation
import Fuzzing

/// `run`: runs a campaign against patchers.
struct Run: CampaignCommand {
    static let title = "run"

    static let configuration = CommandConfiguration(
        abstract: "Run a campaign against patchers.",
        discussion: """
            Without --cases or --time, the campaign runs until it is interrupted. Findings are written to the folder \
            of --crashes as soon as they are seen, one file for each bucket, and then minimized. If there was no \
            time to minimize a case, the name in its file says so.

            A target that repeatedly hangs, crashes or exceeds the memory limit is left out of more and more cases; \
            the summary counts them. If no case was completed, or a target was never run, the exit status is 1.

            With --state, the campaign is kept in a folder, and --resume continues it after an interrupt, a machine \
            crash or a full disk. Then --jobs, --known, --all, --json, --until-found and --on-finding can be changed, \
            --cases can be raised, and --time is the additional time.

            --json prints one object: seed, cases, seconds, cases_per_second, jobs, ended (found, interrupted, \
            finished or time is up), finished, arguments (those that repeat it), findings (an array of {bucket, \
            target, rule, sentence, detail, file, index, sightings, passes, edits, insns, patch_insns, known, …}), \
            groups (an array of {sentence, target, bucket, file, size, buckets, sightings, show, known}), and for each \
            target ran, the number of cases in which it ran a pass, and spared, the number of cases with a pass that \
            it does not support. deaths is an array of {target, hangs, memory, crashes, left_out}: a case in which a \
            target dies is in no other count, and left_out is the number of cases that the target did not run because \
            of its deaths. not_run is the number of cases that no target ran; they are not in cases. never_run, \
            doubts, state, known, parts and missing are present if needed, and with --plugin-coverage plugin_coverage, an array \
            of {name, lines, lines_run, branches, branches_run, missing}. For a kernel there are also loads, \
            accepted, loads_per_second, refused, coverage, never_seen, not_understood, kernel, left_out and executed.

            With --coverage, the passes are counted by the kind of an edit, a border of it, the jump, call, record or \
            aux word at that border, and the check: its place in the result, its removal, or the error that it causes. \
            Cells that no pass tested are listed by name, and with --json in never_seen; coverage is an array of \
            {edit, border, subject, check, count}. It takes about as long as the oracle.

            With --oracle reference, the reference oracle judges the campaign. It is a few times slower, but its code \
            reads like the rules. A pass for which the fast oracle has another result is a finding against the target \
            'oracle', and the campaign continues with the result of the reference.

            Example: one minute on two cores, with the programs of installed objects:
              bpf-patch-fuzz run --time 60 --jobs 2 --objects /usr/lib/x86_64-linux-gnu/bpf

            Edits are random, or with --workload like those of the kernel:
            \(WorkloadOptions.list)

            With --plugin, only the plug-ins are tested, unless --patcher names others:
              bpf-patch-fuzz run --time 60 --plugin ./mine.so --crashes /tmp/crashes

            The lines of a kernel's functions that no case of twenty seconds reached:
              bpf-patch-fuzz plugin build --coverage --kernel-tree ~/linux -o covered.so
              bpf-patch-fuzz run --time 20 --plugin-coverage --plugin ./covered.so

            One case of a seed, with the result of each patcher:
              bpf-patch-fuzz run --seed 3 --index 249 --patcher all \\
                --patcher planted-back-jump

            To see a finding, use a patcher with a planted fault:
              bpf-patch-fuzz run --cases 10000 --patcher planted-back-jump \\
                --crashes /tmp/crashes
            """)

    @OptionGroup var range: RangeOptions

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions

    @Option(
        help: ArgumentHelp("An ELF object or folder whose programs are edited; may be repeated.", valueName: "path"))
    var objects: [String] = []

    @OptionGroup var workloads: WorkloadOptions

    @Flag(help: "Count the situations that the passes test, and print them as tables.")
    var coverage = false

    @OptionGroup var budget: BudgetOptions

    @OptionGroup var covering: CoverageOption

    @OptionGroup var kept: StateOptions

    @OptionGroup var session: SessionOptions

    @OptionGroup var single: SingleCaseOption

    @OptionGroup var reporting: ReportOptions

    var givenName: String? {
        patchers.givenName ?? judging.givenName ?? (objects.isEmpty ? nil : "--objects")
            ?? (workloads.names.isEmpty ? nil : "--workload") ?? (coverage ? "--coverage" : nil) ?? budget.givenName
    }

    static func own(_ target: CampaignTarget) -> PatcherTarget? {
        target.patchers.flatMap { $0.exhaustive == nil ? $0 : nil }
    }

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
        if coverage { target.countsCoverage = true }
        target.budget = budget.budget(over: target.budget)
        return .patchers(target)
    }

    /// The folder of the counts must be there before a plug-in is loaded.
    mutating func validate() throws { try covering.begin() }

    func prepare(_ target: CampaignTarget) throws {
        let patchers = target.patchers?.patchers ?? []
        try judging.check(patchers)
        if let choice = patchers.first(where: \.runsKernelPasses),
            target.patchers?.workloads.contains(.kernelPasses) == false
        {
            throw ValidationError(
                "\(choice.name) runs passes of the kernel; add --workload \(Workload.kernelPasses.name)")
        }
        try covering.check(patchers)
    }

    func complete(_ report: inout CampaignReport) { covering.complete(&report) }
}
