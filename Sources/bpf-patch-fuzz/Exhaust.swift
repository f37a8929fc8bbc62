import ArgumentParser
import Campaign
import Foundation
import Fuzzing

/// The options for a range of small cases.
struct SmallRangeOptions: CampaignRange {
    /// Small cases have numbers and no seed.
    var seed: UInt64? { 0 }

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Run only the first cases, which are the smallest ones.", valueName: "n"),
        transform: NumberOption.positiveCount)
    var cases: UInt64?

    @Option(
        name: .customLong("jobs"), parsing: .unconditional,
        help: "The number of worker processes, which does not affect the result. Default: all processors.",
        transform: NumberOption.count(in: 1...4096))
    var givenJobs: Int?

    @OptionGroup var limits: LimitOptions

    var jobs: Int? { givenJobs ?? ProcessInfo.processInfo.activeProcessorCount }

    var givenName: String? { cases != nil ? "--cases" : givenJobs != nil ? "--jobs" : limits.givenName }
}

/// `exhaust`: runs every small case.
struct Exhaust: CampaignCommand {
    static let title = "exhaust"

    static let configuration = CommandConfiguration(
        abstract: "Run every case within small bounds, smallest first.",
        discussion: """
            The cases are every well-formed program with every pass whose slots, together with those of the program, \
            are at most --slots, and whose edits are at most --edits. The alphabet has a plain instruction, a kfunc \
            call, each kind of jump to every target, calls and addresses of subprograms, ld_imm64, every set of \
            subprograms and of line records, and for edits every range, keep, skip and ref. Two cases that differ only \
            in names are one: markers, aux words, and ids of subprograms and line records.

            Cases have numbers, ordered by edits, slots together, slots of the program, and tables. So the first \
            finding of a faulty patcher is the smallest, and findings say how many smaller cases are right. With no \
            finding, no pass within the bounds is wrong.

            The report ends with the bounds, the number of cases, the identity of each patcher, and a digest of all \
            results, which is the same on every machine. To check a sample, run --shard I/64: its digest must equal \
            number I of the digests in --json.

            A campaign that takes more than an hour needs --yes. With --state it can be resumed, and --shard and \
            'merge' divide it between machines. --json prints the fields of 'run', and bounds (an object of slots, \
            edits and cases), complete, digest, digests and patchers (an array of {name, identity}). A finding that \
            is proven smallest has smaller_cases.

            Example: all built-in patchers, with 3 slots and 2 edits, in seconds:
              bpf-patch-fuzz exhaust --slots 3 --edits 2

            A plug-in, in a campaign that can be resumed:
              bpf-patch-fuzz exhaust --slots 4 --edits 2 --plugin ./mine.so --state proof

            One of 64 samples of it:
              bpf-patch-fuzz exhaust --slots 4 --edits 2 --plugin ./mine.so --shard 7/64
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The slots of the program and of all patches together, at most \(ExhaustiveBounds.mostSlots). Default: 3.",
            valueName: "n"),
        transform: NumberOption.count(in: 1...ExhaustiveBounds.mostSlots))
    var slots: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The edits of the pass, at most \(ExhaustiveBounds.mostEdits). Default: 2.", valueName: "n"),
        transform: NumberOption.count(in: 0...ExhaustiveBounds.mostEdits))
    var edits: Int?

    @OptionGroup var range: SmallRangeOptions

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions

    @OptionGroup var budget: BudgetOptions

    @OptionGroup var kept: StateOptions

    @OptionGroup var session: SessionOptions

    @OptionGroup var single: SingleCaseOption

    @Flag(help: "Start a campaign that takes more than an hour.")
    var yes = false

    @OptionGroup var reporting: ReportOptions

    var givenName: String? {
        let own = slots != nil ? "--slots" : edits != nil ? "--edits" : nil
        return own ?? patchers.givenName ?? judging.givenName ?? budget.givenName
    }

    static func own(_ target: CampaignTarget) -> PatcherTarget? {
        target.patchers.flatMap { $0.exhaustive == nil ? nil : $0 }
    }

    func target(over target: PatcherTarget?, isKept: Bool) throws -> CampaignTarget {
        var target = target ?? PatcherTarget(exhaustive: ExhaustiveBounds(slots: 3, edits: 2))
        if let slots { target.exhaustive?.slots = slots }
        if let edits { target.exhaustive?.edits = edits }
        if !patchers.isDefault {
            target.patchers = try patchers.chosen(within: range.time.map(CampaignClock.loadingTime))
        }
        target.oracleOptions = judging.oracleOptions(over: target.oracleOptions)
        target.budget = budget.budget(over: target.budget)
        return .patchers(target)
    }

    func prepare(_ target: CampaignTarget) throws { try judging.check(target.patchers?.patchers ?? []) }

    func begin(_ configuration: CampaignConfiguration, isResumed: Bool) throws {
        guard let target = configuration.target.patchers, let bounds = target.exhaustive else { return }
        let estimate = ExhaustiveEstimate(configuration, target, bounds.cases)
        try Output.line(estimate.text)
        let isLong = estimate.seconds > ExhaustiveEstimate.longest && configuration.budget.time == nil
        if isLong && !yes && !isResumed {
            throw ValidationError(
                "--slots \(bounds.slots) --edits \(bounds.edits): \(estimate.text); give --yes to run them, or smaller bounds"
            )
        }
    }
}
