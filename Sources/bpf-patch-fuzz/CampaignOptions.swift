import ArgumentParser
import Campaign

/// The options that describe a campaign.
///
/// Each option replaces a field of a configuration: of the default one, or of the resumed campaign.
protocol CampaignOptions: ParsableArguments {
    /// The kind of target that the options describe.
    associatedtype Target
    associatedtype Range: CampaignRange

    var range: Range { get }

    /// The name of the first option of the target that is given, or `nil`.
    var givenName: String? { get }

    /// True if a case is only made and printed, not run.
    var isOnlyMade: Bool { get }

    /// The target of a campaign, or `nil` if these options describe another kind of target.
    static func own(_ target: CampaignTarget) -> Target?

    /// Replaces the fields of a target for which an option was given.
    ///
    /// - Parameters:
    ///   - target: the original target, or `nil` for the default
    ///   - isKept: true to make paths absolute, since a kept campaign may be resumed from another working directory
    /// - Throws: ``CampaignError`` if a file or kernel in an option cannot be used
    func target(over target: Target?, isKept: Bool) throws -> CampaignTarget
}

extension CampaignOptions {
    var isOnlyMade: Bool { false }

    /// The configuration of a new campaign.
    ///
    /// - Throws: ``CampaignError`` if its target cannot be used
    func configuration(seed: UInt64, isKept: Bool = false) throws -> CampaignConfiguration {
        var configuration = CampaignConfiguration(
            target: try target(over: nil, isKept: isKept), cases: CampaignConfiguration.Cases(seed: seed))
        range.apply(to: &configuration)
        return bounded(configuration)
    }

    /// Removes the cases after the last one of an exhaustive campaign.
    private func bounded(_ configuration: CampaignConfiguration) -> CampaignConfiguration {
        guard let bounds = configuration.target.patchers?.exhaustive else { return configuration }
        return configuration.bounded(by: bounds.cases)
    }

    /// The configuration of a resumed campaign, and a time limit for this session if the campaign has none.
    ///
    /// - Throws: ``CampaignError`` with both values if an option contradicts the state
    func configuration(
        resuming part: Checkpoint.Part, in state: String
    ) throws -> (configuration: CampaignConfiguration, sessionTime: Double?) {
        let kept = part.configuration
        guard let own = Self.own(kept.target) else {
            let command = ShellText.of(Executable().command(resuming: state, of: kept.target))
            throw CampaignError(
                "\(state) contains another kind of campaign; resume it with '\(command)'", isWrongUse: true)
        }
        var wanted = kept
        wanted.target = try target(over: own, isKept: true)
        range.apply(to: &wanted)
        wanted = bounded(wanted)
        try check(wanted, resuming: kept, in: state)
        var sessionTime: Double?
        wanted.budget.time = kept.budget.time
        if let time = range.time {
            // Rounded to hundredths, since it is printed in commands.
            let end = ((part.seconds + time) * 100).rounded(.up) / 100
            if kept.budget.time == nil { sessionTime = end } else { wanted.budget.time = end }
        }
        if let cases = range.cases {
            let least =
                kept.cases.limit ?? part.cases.multipliedReportingOverflow(by: kept.cases.shard.count).partialValue
            if cases < least {
                throw CampaignError(
                    "--cases: the campaign in \(state) has \(least), not \(cases); the number can only be raised",
                    isWrongUse: true)
            }
        }
        return (wanted, sessionTime)
    }

    /// Checks that the options do not change a resumed campaign, except for its limits.
    ///
    /// - Throws: ``CampaignError`` with both values of the first option that differs
    private func check(
        _ wanted: CampaignConfiguration, resuming kept: CampaignConfiguration, in state: String
    ) throws(CampaignError) {
        if wanted.continues(kept) { return }
        var same = wanted
        same.cases.limit = kept.cases.limit
        same.budget = kept.budget
        let (old, new) = (ConfigurationOptions.options(kept), ConfigurationOptions.options(same))
        for name in (old + new).map(\.name) {
            let values = [old, new].map { options in options.first { $0.name == name }?.values }
            if values[0] == values[1] { continue }
            let words = values.map { $0.map { $0.isEmpty ? "it" : $0.joined(separator: " ") } ?? "the default" }
            throw CampaignError(
                "\(name): the campaign in \(state) has \(words[0]), not \(words[1]); leave it out, or start another campaign",
                isWrongUse: true)
        }
        // Equal options: a file of the campaign has changed. The comparison of files reports it.
    }

    /// Checks that no option of a campaign is given, since merged states cannot be resumed.
    ///
    /// - Throws: ``CampaignError`` that names the first option that is given
    func checkNoneGiven(for state: String) throws(CampaignError) {
        guard let name = range.givenName ?? givenName else { return }
        throw CampaignError(
            "\(name): \(state) contains merged states, which cannot be resumed; resume the original states and merge them again",
            isWrongUse: true)
    }
}
