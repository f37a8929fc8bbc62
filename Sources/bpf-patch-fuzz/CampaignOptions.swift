import ArgumentParser
import Campaign

/// The options that describe a campaign.
///
/// Each option replaces a field of a configuration: of the default one, or of the resumed campaign.
protocol CampaignOptions: ParsableArguments {
    /// The kind of target that the options describe.
    associatedtype Target

    var range: RangeOptions { get }

    /// The name of the first option of the target that is given, or `nil`.
    var givenName: String? { get }

    /// The target of these options' kind, or `nil` for another kind.
    static func own(_ target: CampaignTarget) -> Target?

    /// A target with the options that are given.
    ///
    /// - Parameters:
    ///   - target: the target without them, or `nil` for the default
    ///   - isKept: true if paths must be valid from another folder
    /// - Throws: ``CampaignError`` if a file or kernel that they name cannot be used
    func target(over target: Target?, isKept: Bool) throws -> CampaignTarget
}

extension CampaignOptions {
    /// The configuration of a new campaign.
    ///
    /// - Throws: ``CampaignError`` when its target cannot be used
    func configuration(seed: UInt64, isKept: Bool = false) throws -> CampaignConfiguration {
        var configuration = CampaignConfiguration(
            target: try target(over: nil, isKept: isKept), cases: CampaignConfiguration.Cases(seed: seed))
        range.apply(to: &configuration)
        return configuration
    }

    /// The configuration of a campaign that is resumed, and a time limit for this session if it has no other.
    ///
    /// - Throws: ``CampaignError`` with both values when an option contradicts the state
    func configuration(
        resuming part: Checkpoint.Part, in state: String
    ) throws -> (configuration: CampaignConfiguration, sessionTime: Double?) {
        let kept = part.configuration
        guard let own = Self.own(kept.target) else {
            let command = ShellText.of(Executable().command(resuming: state, of: kept.target))
            throw CampaignError(
                "\(state) is of another kind of campaign; '\(command)' goes on with it", isWrongUse: true)
        }
        var wanted = kept
        wanted.target = try target(over: own, isKept: true)
        range.apply(to: &wanted)
        try check(wanted, resuming: kept, in: state)
        var sessionTime: Double?
        wanted.budget.time = kept.budget.time
        if let time = range.time {
            // In hundredths, for the user who reads it or types it again.
            let end = ((part.seconds + time) * 100).rounded(.up) / 100
            if kept.budget.time == nil { sessionTime = end } else { wanted.budget.time = end }
        }
        if let cases = range.cases {
            let least =
                kept.cases.limit ?? part.cases.multipliedReportingOverflow(by: kept.cases.shard.count).partialValue
            if cases < least {
                throw CampaignError(
                    "--cases: the campaign in \(state) has \(least), not \(cases); their number can only be raised",
                    isWrongUse: true)
            }
        }
        return (wanted, sessionTime)
    }

    /// Checks that a resumed campaign is the same.
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
                "\(name): the campaign in \(state) has \(words[0]), not \(words[1]); leave it out, or begin another campaign",
                isWrongUse: true)
        }
        // A file of the campaign has changed, which is said when files are compared.
    }

    /// Checks that no option describes a campaign, since merged states cannot go on as one.
    ///
    /// - Throws: ``CampaignError`` that names the first option that is given
    func checkNoneGiven(for state: String) throws(CampaignError) {
        guard let name = range.givenName ?? givenName else { return }
        throw CampaignError(
            "\(name): \(state) is of merged states, which cannot go on as one; go on with the states that were merged, and merge again",
            isWrongUse: true)
    }
}
