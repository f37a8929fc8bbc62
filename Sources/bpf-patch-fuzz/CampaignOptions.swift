import ArgumentParser
import Campaign
import Foundation

/// The options that say what a campaign is; a worker is told the same.
protocol CampaignOptions: ParsableArguments {
    associatedtype Subject: CampaignSubject

    var range: RangeOptions { get }

    /// What is put to the test.
    ///
    /// - Parameter isKept: whether paths must be as good from another folder
    /// - Throws: ``CampaignError`` when it cannot be used
    func subject(isKept: Bool) throws -> Subject
}

extension CampaignOptions {
    /// The settings of a campaign.
    ///
    /// - Throws: ``CampaignError`` when its subject cannot be used
    func settings(seed: UInt64, isKept: Bool = false) throws -> CampaignSettings {
        range.settings(seed: seed, of: try subject(isKept: isKept))
    }

    /// The settings of a kept campaign, with what may be given anew.
    ///
    /// - Throws: ``CampaignError`` with both values when an option says something else than the state
    func settings(resuming part: Checkpoint.Part, in state: String) throws -> CampaignSettings {
        if (part.kernel != nil) != (Subject.self is KernelSubject.Type) {
            let words = Executable.words(part.kernel == nil ? PatcherSubject.command : KernelSubject.command)
            throw CampaignError(
                "\(state) is of another kind of campaign; '\(words) --state \(state) --resume' goes on with it",
                isWrongUse: true)
        }
        let kept: Self
        do { kept = try Self.parse(part.arguments) } catch {
            throw CampaignError("\(state): its settings cannot be used: \(Self.message(for: error))")
        }
        var settings = try kept.settings(seed: part.seed)
        let old = GivenOptions.values(settings.arguments)
        let new = GivenOptions.values(try self.settings(seed: range.seed ?? part.seed, isKept: true).arguments)
        for name in GivenOptions.ofCampaign where old[name] != new[name] {
            let values = [old, new].map { GivenOptions.text($0[name]) }
            throw CampaignError(
                "\(name): the campaign in \(state) has \(values[0]), not \(values[1]); leave it out, or begin another campaign",
                isWrongUse: true)
        }
        if GivenOptions.contains("--jobs") { settings.jobs = range.jobs }
        if let time = range.time {
            settings.isTimeOfSession = settings.time == nil
            // In hundredths, for whoever reads it or types it again.
            settings.time = ((part.seconds + time) * 100).rounded(.up) / 100
        }
        if let cases = range.cases {
            let least = settings.cases ?? part.cases.multipliedReportingOverflow(by: part.shard.count).partialValue
            if cases < least {
                throw CampaignError(
                    "--cases: the campaign in \(state) has \(least), not \(cases); their number can only be raised",
                    isWrongUse: true)
            }
            settings.cases = cases
        }
        return settings
    }
}
