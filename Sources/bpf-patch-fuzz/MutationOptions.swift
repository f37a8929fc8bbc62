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

    @Flag(help: "Plant the faults that Linux had in the tree's functions, in place of mutants.")
    var historical = false

    @OptionGroup var known: KnownOption

    @Option(
        name: .customLong("mutants"), parsing: .unconditional,
        help: .init("The number of mutants, spread over all. Default: all.", valueName: "n"),
        transform: NumberOption.count(in: 1...1_000_000))
    var count: Int?

    /// The name of an option that needs `--kernel-tree`.
    var givenName: String? { historical ? "--historical" : known.file != nil ? "--known" : mutantName }

    /// The name of an option that chooses among mutants.
    var mutantName: String? { equivalents != nil ? "--equivalents" : count != nil ? "--mutants" : nil }

    /// Searches for all mutants, and prints survivors and the score.
    func run(_ path: String, _ settings: MutationScore.Settings, json: Bool) throws {
        let list = try EquivalentMutants(path: equivalents)
        let (tree, known) = try read(path)
        let score = try MutationScore(of: tree, settings, known: known, host: Executable())
        try say(score.headline, json)
        for fault in score.mended { try say("mended, since it would hide mutants: \(fault.name)", json) }
        for function in score.unmutated { try say("not mutated: \(function.name)(): \(function.reason)", json) }
        try score.runUnchanged()
        for bucket in score.own { try say("the unchanged functions have \(bucket), which does not count", json) }
        var result = MutationResult(score, list)
        for mutant in score.mutants {
            let reason = list.reason(for: mutant)
            let trial = try score.search(mutant, isListed: reason != nil)
            if Interrupt.isRequested { break }
            if reason != nil && trial.bucket != nil {
                complain("note: found, but listed as equivalent: \(mutant.identity)")
            }
            if let text = result.add(trial) { try say(text, json) }
        }
        if let note = list.unused(by: score.all) { complain("note: \(note)") }
        if json { try Output.json(result) } else { try Output.line(result.summary) }
        if result.trials.count < score.mutants.count {
            complain("interrupted after \(CountText.of(result.trials.count, "mutant")) of \(score.mutants.count)")
            throw ExitCode.failure
        }
        if result.survived > 0 { throw ExitCode.findings }
    }

    /// Searches for all historical faults, and prints each.
    func runHistorical(_ path: String, _ settings: HistoricalSearch.Settings, json: Bool) throws {
        let (tree, known) = try read(path)
        let search = try HistoricalSearch(in: tree, settings, known: known, host: Executable())
        let all = HistoricalFault.all.count
        try say("\(search.fitting) of \(CountText.of(all, "fault")) fit Linux \(search.release)", json)
        try search.runUnchanged()
        for line in search.unchangedLines { try say(line, json) }
        var result = HistoricalResult(search)
        for index in 0..<all {
            let trial = try search.search(index)
            if Interrupt.isRequested { break }
            result.trials.append(trial)
            try say(trial.text, json)
        }
        if json { try Output.json(result) } else { try Output.line(result.summary) }
        if result.trials.count < all {
            complain("interrupted after \(CountText.of(result.trials.count, "fault")) of \(all)")
            throw ExitCode.failure
        }
        if result.hasMissed { throw ExitCode.findings }
    }

    private func read(_ path: String) throws -> (KernelTree, KnownBuckets) {
        let list = try known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) } ?? KnownBuckets()
        var progress = UnpackingProgress(archive: path)
        let tree = try KernelTree(path: path) { progress.show($0) }
        progress.end()
        return (tree, list)
    }

    private func say(_ text: String, _ json: Bool) throws { if !json { try Output.line(text) } }
}
