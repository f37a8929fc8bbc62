import Foundation
import Fuzzing
import Patching

/// What a campaign is told: a range of cases is a pure function of these.
public struct CampaignSettings: Sendable, Hashable {
    /// Where all choices come from.
    public var seed: UInt64
    /// How many cases to run, all shards together, or `nil` for no limit.
    public var cases: UInt64?
    /// How long to run, or `nil` for no limit.
    ///
    /// - Units: seconds
    public var time: Double?
    /// Whether the time is only how long to run now, and a kept campaign can go on without a limit after it.
    public var isTimeOfSession = false
    /// How many worker processes.
    public var jobs: Int
    /// The patchers that are compared.
    public var patchers: [PatcherChoice]
    /// How patchers from outside are judged.
    public var terms: JudgingTerms
    /// ELF objects and folders whose programs are edited.
    public var objects: [String]
    /// What takes turns in making passes; when there are none, passes are random.
    public var workloads: [Workload]
    /// Which part of the indices to run.
    public var shard: Shard
    /// What one case may take.
    public var budget: CaseBudget
    /// Where findings go.
    public var crashes: String

    public init(
        seed: UInt64, cases: UInt64? = nil, time: Double? = nil, jobs: Int = 1,
        patchers: [PatcherChoice] = PatcherChoice.builtIn, terms: JudgingTerms = JudgingTerms(),
        objects: [String] = [], workloads: [Workload] = [], shard: Shard = .whole,
        budget: CaseBudget = CaseBudget(), crashes: String = "Crashes"
    ) {
        self.seed = seed
        self.cases = cases
        self.time = time
        self.jobs = jobs
        self.patchers = patchers
        self.terms = terms
        self.objects = objects
        self.workloads = workloads
        self.shard = shard
        self.budget = budget
        self.crashes = crashes
    }

    /// What random passes may demand: all that some patcher can do.
    public var limits: CaseLimits {
        let plugins = patchers.compactMap(\.plugin)
        if plugins.count < patchers.count { return CaseLimits() }
        return CaseLimits(
            ofPlugins: plugins.map { ($0.capabilities, $0.kernel) },
            beyondContract: terms.beyondContract)
    }

    /// The arguments of `bpf-patch-fuzz run` that repeat the campaign.
    ///
    /// A run that is ended by its time is repeated by its seed for as long; the cases are the same, index by index.
    public var arguments: [String] {
        var words = ["--seed", String(seed)]
        if let cases { words += ["--cases", String(cases)] }
        if let time, !isTimeOfSession {
            words += ["--time", time == time.rounded() ? String(Int(time)) : String(time)]
        }
        words += ["--jobs", String(jobs)]
        if patchers != PatcherChoice.builtIn {
            let others = patchers.filter { !PatcherChoice.builtIn.contains($0) }
            let isAll = patchers.count - others.count == PatcherChoice.builtIn.count
            words += isAll ? ["--patcher", "all"] + others.flatMap(\.arguments) : patchers.flatMap(\.arguments)
        }
        words += terms.arguments
        words += objects.flatMap { ["--objects", $0] }
        if workloads == Workload.allCases {
            words += ["--workload", "all"]
        } else {
            words += workloads.flatMap { ["--workload", $0.name] }
        }
        if shard != .whole { words += ["--shard", shard.description] }
        words += budget.arguments
        if crashes != "Crashes" { words += ["--crashes", crashes] }
        return words
    }
}

extension CampaignSettings {
    /// The arguments that a state keeps: findings are in the folder of the state itself, wherever that is moved.
    var argumentsOfState: [String] {
        var kept = self
        kept.crashes = "Crashes"
        return kept.arguments
    }
}
