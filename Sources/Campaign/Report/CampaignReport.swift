import Plugins

/// The result of a campaign, common to patchers and kernels; ``results`` has the rest.
package struct CampaignReport: Sendable {
    package var seed: UInt64
    /// The number of cases that were run with at least one target.
    package var cases: UInt64
    /// The number of cases that were run with no target, since all were left out; `nil` for none.
    package var notRun: UInt64?
    /// The run time, with the part of minimizing that fell into the time limit.
    ///
    /// - Units: seconds
    package var seconds: Double
    package var casesPerSecond: Double
    package var jobs: Int
    package var findings: [StoredFinding]
    /// The findings grouped by cause, as of the last ``mark(_:host:)``.
    package private(set) var groups: [FindingGroup] = []
    /// The software under test.
    package var target = CampaignTarget.patchers(PatcherTarget())
    /// The counters of the targets; `nil` if nothing was counted.
    package var results: TargetReport?
    /// The plug-ins of the campaign, which its cases need.
    var plugins: [PluginFile] = []
    /// The targets that hung, crashed or ran out of memory; `nil` for none.
    package var deaths: [TargetDeaths]?
    /// The result of an exhaustive campaign; `nil` for random cases.
    package var exhaustive: ExhaustiveResult?
    /// The state folder of the campaign, or `nil`.
    package var state: String?
    /// The file of known buckets, which may be from an earlier session; `nil` for none.
    package var known: String?
    /// The campaigns whose states were merged, or `nil`.
    package var parts: [Part]?
    /// The shards that are missing in merged states; `nil` for none.
    package var missing: [String]?
    /// The parts of merged states that are not finished, each in words; `nil` for none.
    var unfinished: [String]?
    /// True if workers ended while there were cases left; `nil` for no.
    var hasLostWorkers: Bool?
    /// The arguments that run exactly these cases again, or `nil` if no single campaign does.
    package var arguments: [String]?
    /// The cases that timed out once and were not run again; `nil` for none.
    var doubts: [Doubt]?
    /// The targets that ran no case; `nil` for none.
    var neverRun: [String]?
    /// The lines and conditions that the cases of this session reached; `nil` if they were not counted.
    package var pluginCoverage: [PluginCoverage]?
    /// The reason why no more cases were run; `nil` for merged states.
    package var ended: End?
    /// True if the campaign reached its limit and all findings are minimized.
    package var isFinished = false

    /// The reason why a campaign ended.
    package enum End: String, Codable, Sendable {
        case found, interrupted, finished
        case timeIsUp = "time is up"

        /// A line for a user who did not wait for the limit; `nil` for none.
        package var text: String? {
            switch self {
            case .found: "ended with the first finding that counts"
            case .interrupted: "interrupted before its limit"
            case .finished, .timeIsUp: nil
            }
        }
    }

    /// Marks the findings that are in a list of known buckets, and groups all.
    ///
    /// - Parameter host: writes the command that shows a case
    package mutating func mark(_ known: KnownBuckets, host: any HostProgram) {
        self.known = known.path
        for place in findings.indices { findings[place].isKnown = known.contains(findings[place].bucket) }
        groups = FindingGroups.make(findings, plugins: plugins, host: host)
    }

    /// True if there is a finding that counts.
    package var hasNews: Bool { findings.contains { $0.isKnown != true && !$0.isUnexplained } }

    /// A sentence about the places that the check does not understand and that are not known; `nil` if there are none.
    package var unexplained: String? {
        let count = findings.count { $0.isKnown != true && $0.isUnexplained }
        return count == 0 ? nil : "\(CountText.of(count, "bucket")) of " + Self.unexplainedWords
    }

    /// The words about code that is not understood.
    package static let unexplainedWords =
        "rewritten code that is not understood, so it is not known to be right; list the buckets in a file for "
        + "--known, or give --allow-unexplained"

    /// Adds the counters of a campaign: its results, its deaths, and the cases that were run with no target.
    mutating func add(_ results: TargetReport, _ counts: CampaignCounts, targets: [String]) {
        self.results = results
        let deaths = targets.indices.compactMap { TargetDeaths(counts[$0], target: targets[$0]) }
        self.deaths = deaths.isEmpty ? nil : deaths
        let notRun = min(counts.notRun, cases)
        if notRun > 0 {
            self.notRun = notRun
            cases -= notRun
            casesPerSecond = Double(cases) / max(seconds, 0.001)
        }
    }

    /// One of the campaigns whose states were merged.
    package struct Part: Codable, Sendable, Hashable {
        /// The options that describe the campaign.
        package var arguments: [String]
        package var seed: UInt64
        package var shard: Shard
        package var cases: UInt64
        /// - Units: seconds
        package var seconds: Double
        package var jobs: Int
        /// True if its limit was reached.
        package var isFinished: Bool

        enum CodingKeys: String, CodingKey {
            case arguments, seed, shard, cases, seconds, jobs
            case isFinished = "finished"
        }

        init(_ part: Checkpoint.Part, _ host: any HostProgram) {
            let configuration = part.configuration
            arguments = host.options(of: configuration)
            (seed, shard, jobs) = (configuration.cases.seed, configuration.cases.shard, configuration.budget.jobs)
            (cases, seconds, isFinished) = (part.cases, part.seconds, part.isFinished)
        }
    }
}

extension CampaignReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case seed, cases, seconds, jobs, findings, groups, deaths, state, known, parts, missing, doubts
        case arguments, unfinished, ended
        case casesPerSecond = "cases_per_second"
        case isFinished = "finished"
        case neverRun = "never_run"
        case hasLostWorkers = "cut_short"
        case pluginCoverage = "plugin_coverage"
        case notRun = "not_run"
    }

    /// Writes one flat object: the common fields and those of ``results``.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(seed, forKey: .seed)
        try container.encode(cases, forKey: .cases)
        try container.encodeIfPresent(notRun, forKey: .notRun)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(casesPerSecond, forKey: .casesPerSecond)
        try container.encode(jobs, forKey: .jobs)
        try container.encode(findings, forKey: .findings)
        try container.encode(groups, forKey: .groups)
        try container.encodeIfPresent(deaths, forKey: .deaths)
        try container.encodeIfPresent(state, forKey: .state)
        try container.encodeIfPresent(known, forKey: .known)
        try container.encodeIfPresent(parts, forKey: .parts)
        try container.encodeIfPresent(missing, forKey: .missing)
        try container.encodeIfPresent(unfinished, forKey: .unfinished)
        try container.encodeIfPresent(hasLostWorkers, forKey: .hasLostWorkers)
        try container.encodeIfPresent(arguments, forKey: .arguments)
        try container.encodeIfPresent(doubts, forKey: .doubts)
        try container.encodeIfPresent(neverRun, forKey: .neverRun)
        try container.encodeIfPresent(pluginCoverage, forKey: .pluginCoverage)
        try container.encodeIfPresent(ended, forKey: .ended)
        try container.encode(isFinished, forKey: .isFinished)
        try results?.encode(to: encoder)
        try exhaustive?.encode(to: encoder)
    }
}
