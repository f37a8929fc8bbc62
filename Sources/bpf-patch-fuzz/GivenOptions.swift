import ArgumentParser
import Campaign

/// The options that stand on the command line of a campaign.
enum GivenOptions {
    private static var names: [String] {
        CommandLine.arguments.dropFirst().filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) }
    }

    /// Options that say nothing about a campaign.
    private static let others = [
        "--state", "--resume", "--restart", "--known", "--all", "--json", "--until-found", "--on-finding",
    ]

    /// Options that may be given to a campaign that goes on.
    private static let anew = ["--jobs", "--time", "--cases"]

    /// Those that must be the same for a campaign that goes on.
    static var ofCampaign: [String] { names.filter { !(others + anew).contains($0) } }

    /// Whether an option is given.
    static func contains(_ name: String) -> Bool { names.contains(name) }

    /// Checks that nobody wants merged states to go on.
    ///
    /// - Throws: ``CampaignError`` that names the first option that is in vain
    static func checkNone(for state: String) throws(CampaignError) {
        guard let name = names.first(where: { !others.contains($0) }) else { return }
        throw CampaignError(
            "\(name): \(state) is of merged states, which cannot go on as one; go on with those it was made of, and merge again",
            isWrongUse: true)
    }

    /// The words behind an option, for an error.
    static func text(_ words: [String]?) -> String {
        guard let words else { return "the default" }
        return words.isEmpty ? "it" : words.joined(separator: " ")
    }

    /// The words behind each option.
    static func values(_ arguments: [String]) -> [String: [String]] {
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
