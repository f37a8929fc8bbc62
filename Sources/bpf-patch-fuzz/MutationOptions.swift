import ArgumentParser
import Campaign
import Foundation
import Plugins

/// The options of `faults --kernel-tree`.
struct MutationOptions: ParsableArguments {
    @Option(
        name: .customLong("kernel-tree"),
        help: .init("Search for mutants of a kernel tree's functions instead.", valueName: "path"))
    var tree: String?

    @Option(
        help: .init("A list of mutants that are equivalent to the unchanged code.", valueName: "file"))
    var equivalents: String?

    @OptionGroup var known: KnownOption

    @Option(
        name: .customLong("mutants"), parsing: .unconditional,
        help: .init("The number of mutants, spread over all. Default: all.", valueName: "n"),
        transform: NumberOption.count(in: 1...1_000_000))
    var count: Int?

    var givenName: String? {
        equivalents != nil ? "--equivalents" : known.file != nil ? "--known" : count != nil ? "--mutants" : nil
    }

    /// Searches for all mutants, and prints survivors and the score.
    func run(_ path: String, _ settings: MutationScore.Settings, json: Bool) throws {
        let list = try EquivalentMutants(path: equivalents)
        let counted =
            try known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) } ?? KnownBuckets()
        var progress = UnpackingProgress(archive: path)
        let tree = try KernelTree(path: path) { progress.show($0) }
        progress.end()
        let score = try MutationScore(of: tree, settings, known: counted, host: Executable())
        try say(score.headline, json)
        for function in score.unmutated { try say("not mutated: \(function.name)(): \(function.reason)", json) }
        try score.runUnchanged()
        for bucket in score.own { try say("the unchanged functions have \(bucket), which does not count", json) }
        var result = MutationResult(score, list)
        for mutant in score.mutants {
            let trial = try score.search(mutant)
            if Interrupt.isRequested { break }
            if let text = result.add(trial) { try say(text, json) }
        }
        for line in list.unused(by: score.mutants) { complain("note: \(line)") }
        if json { try Output.json(result) } else { try Output.line(result.summary) }
        if result.trials.count < score.mutants.count {
            complain("interrupted after \(CountText.of(result.trials.count, "mutant")) of \(score.mutants.count)")
            throw ExitCode.failure
        }
        if result.survived > 0 { throw ExitCode.findings }
    }

    private func say(_ text: String, _ json: Bool) throws { if !json { try Output.line(text) } }
}
