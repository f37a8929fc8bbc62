import Foundation

/// What a campaign is told: a range of cases is a pure function of these.
public struct CampaignSettings: Sendable {
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
    /// What is put to the test.
    public var subject: any CampaignSubject
    /// Which part of the indices to run.
    public var shard: Shard
    /// Where findings go.
    public var crashes: String

    public init(
        seed: UInt64, cases: UInt64? = nil, time: Double? = nil, jobs: Int = 1, subject: any CampaignSubject,
        shard: Shard = .whole, crashes: String = "Crashes"
    ) {
        self.seed = seed
        self.cases = cases
        self.time = time
        self.jobs = jobs
        self.subject = subject
        self.shard = shard
        self.crashes = crashes
    }

    /// The arguments that repeat the campaign, behind the words of ``CampaignSubject/command``.
    ///
    /// With the time in place of the number of cases, the cases are the same, index by index, but not as many; see
    /// ``argumentsOfRepeat(end:)``.
    public var arguments: [String] {
        var words = ["--seed", String(seed)]
        if let cases { words += ["--cases", String(cases)] }
        if let time, !isTimeOfSession {
            words += ["--time", time == time.rounded() ? String(Int(time)) : String(time)]
        }
        words += ["--jobs", String(jobs)]
        words += subject.arguments
        if shard != .whole { words += ["--shard", shard.description] }
        if crashes != "Crashes" { words += ["--crashes", crashes] }
        return words
    }
}

extension CampaignSettings {
    /// The arguments that run the cases below an index again, and no others.
    ///
    /// - Parameter end: the index after the last case, all shards together
    func argumentsOfRepeat(end: UInt64) -> [String] {
        var exact = self
        exact.cases = end
        exact.time = nil
        return exact.arguments
    }

    /// The arguments that a state keeps: findings are in the folder of the state itself, wherever that is moved.
    var argumentsOfState: [String] {
        var kept = self
        kept.crashes = "Crashes"
        return kept.arguments
    }
}
