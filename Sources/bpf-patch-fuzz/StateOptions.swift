import ArgumentParser
import Campaign
import Foundation

/// The options that say where a campaign is kept, and what is known already.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder in which the campaign is kept, to go on with it later; findings go to its folder crashes.",
            valueName: "dir"))
    var state: String?

    @Flag(help: "Go on with the campaign that is in --state; its settings are used.")
    var resume = false

    @Flag(help: "Begin anew in --state; a campaign that is there is moved to a folder in it.")
    var restart = false

    @OptionGroup var known: KnownOption

    mutating func validate() throws {
        if state == nil && (resume || restart) { throw ValidationError("--resume and --restart need --state DIR") }
        if resume && restart {
            throw ValidationError("--resume goes on with a campaign and --restart begins anew; give one of them")
        }
        if state != nil && CampaignOptions.isGiven("--crashes") {
            throw ValidationError("with --state findings go to its folder crashes; leave out --crashes")
        }
    }
}

/// The option that says which findings do not count.
struct KnownOption: ParsableArguments {
    @Option(
        name: .customLong("known"),
        help: ArgumentHelp(
            "Buckets that do not count for the exit status, one a line; * stands for any text, # begins a comment.",
            valueName: "file"))
    var file: String?
}

extension CampaignOptions {
    /// The names of options on the command line.
    private static var givenNames: [String] {
        CommandLine.arguments.dropFirst().filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) }
    }

    /// Options that say nothing about a campaign.
    private static let others = ["--state", "--resume", "--restart", "--known", "--json"]

    /// Options that may be given to a campaign that goes on.
    private static let anew = ["--jobs", "--time", "--cases"]

    /// Checks that nobody wants merged states to go on.
    ///
    /// - Throws: ``CampaignError`` that names the first option that is in vain
    static func checkNothingIsGiven(for state: String) throws(CampaignError) {
        guard let name = givenNames.first(where: { !others.contains($0) }) else { return }
        throw CampaignError(
            "\(name): \(state) is of merged states, which cannot go on as one; go on with those it was made of, and merge again"
        )
    }

    /// Whether an option stands on the command line.
    static func isGiven(_ name: String) -> Bool { givenNames.contains(name) }

    /// The settings of a campaign that is kept: paths are as good from another folder.
    ///
    /// - Throws: ``PluginError`` when a plug-in cannot be used
    func settingsToKeep(seed: UInt64) throws -> CampaignSettings {
        var settings = try settings(seed: seed)
        settings.objects = settings.objects.map { URL(fileURLWithPath: $0).path }
        return settings
    }

    /// The settings of a kept campaign, with what may be given anew.
    ///
    /// - Throws: ``CampaignError`` with both values when an option says something else than the state
    func settings(resuming part: Checkpoint.Part, in state: String) throws -> CampaignSettings {
        let kept: CampaignOptions
        do { kept = try CampaignOptions.parse(part.arguments) } catch {
            throw CampaignError("\(state): its settings cannot be used: \(CampaignOptions.message(for: error))")
        }
        var settings = try kept.settings(seed: part.seed)
        let old = Self.values(settings.arguments)
        let new = Self.values(try settingsToKeep(seed: seed ?? part.seed).arguments)
        for name in Self.givenNames where !(Self.others + Self.anew).contains(name) && old[name] != new[name] {
            let values = [old, new].map { Self.text($0[name]) }
            throw CampaignError(
                "\(name): the campaign in \(state) has \(values[0]), not \(values[1]); leave it out, or begin another campaign"
            )
        }
        if Self.isGiven("--jobs") { settings.jobs = jobs }
        if let time {
            settings.isTimeOfSession = settings.time == nil
            // In hundredths, for whoever reads it or types it again.
            settings.time = ((part.seconds + time) * 100).rounded(.up) / 100
        }
        if let cases {
            let least = settings.cases ?? part.cases.multipliedReportingOverflow(by: part.shard.count).partialValue
            if cases < least {
                throw CampaignError(
                    "--cases: the campaign in \(state) has \(least), not \(cases); their number can only be raised")
            }
            settings.cases = cases
        }
        return settings
    }

    /// The words behind an option, for an error.
    private static func text(_ words: [String]?) -> String {
        guard let words else { return "the default" }
        return words.isEmpty ? "it" : words.joined(separator: " ")
    }

    /// The words behind each option.
    private static func values(_ arguments: [String]) -> [String: [String]] {
        var found: [String: [String]] = [:]
        var name = ""
        for word in arguments {
            if word.hasPrefix("--") {
                name = word
                // A flag has no words behind it, and is there all the same.
                found[name] = found[name] ?? []
            } else {
                found[name, default: []].append(word)
            }
        }
        return found
    }
}
