import ArgumentParser
import Campaign
import Fuzzing
import Patching

/// `replay`: runs cases from files.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run case files, JSON lines and folders of them.",
        discussion: """
            Prints a line for each case that fails and a total. What cannot be read is named with file, line and \
            column, and the rest is still run; the exit status is then 1, or 77 when something failed as well. No case at \
            all is an error too.

            A case that was found in a kernel goes through the patchers as well, with what the kernel did as its pass, and \
            is loaded into the running kernel: a line says whether this one still shows it. Without the right to load, or \
            where a load may bring the machine down, it is skipped, and the reason is named.

            Example:
              bpf-patch-fuzz replay Seeds Crashes
            """)

    @Argument(help: "Case files (.case), JSON lines (.jsonl), or folders of them.")
    var paths: [String]

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions
    @OptionGroup var budget: BudgetOptions
    @OptionGroup var spoiling: PlantOption

    func run() throws {
        let chosen: [PatcherChoice]
        do {
            chosen = try patchers.chosen()
            try judging.check(chosen)
        } catch { throw stop(error) }
        var strangers: [String: Int] = [:]
        var replayer = Replayer(
            chosen, terms: judging.terms, budget: budget.chosen, plant: spoiling.plant,
            program: Executable.url)
        var (passed, failed, broken, skipped) = (0, 0, 0, 0)
        for item in CaseSource.items(paths) {
            if let target = (try? item.content.get())?.target, patchers.isStranger(target, chosen) {
                strangers[target, default: 0] += 1
            }
            switch replayer.replay(item) {
            case .passed: passed += 1
            case .failed(let reasons):
                failed += 1
                let name = (try? item.content.get())?.name ?? ""
                let label = name.isEmpty ? item.place : "\(item.place) (\(name))"
                for reason in reasons { try Output.line("FAILED \(label): \(reason)") }
            case .asked(let answer, let isShown):
                if isShown { failed += 1 } else { passed += 1 }
                try Output.line("\(isShown ? "SHOWN" : "passed") \(item.place): \(answer)")
            case .skipped(let reason):
                skipped += 1
                complain("skipped: \(item.place): \(reason)")
            case .broken(let reason):
                broken += 1
                complain("error: \(reason)")
            }
        }
        for (target, count) in strangers.sorted(by: { $0.key < $1.key }) {
            complain(
                "note: \(CountText.of(count, "case")) of these found with \(target), which was not run; name it with "
                    + (PatcherChoice(name: target) == nil ? "--plugin \(target)=FILE" : "--patcher \(target)"))
        }
        try Output.line(
            "\(CountText.grouped(passed)) passed, \(CountText.grouped(failed)) failed, \(CountText.grouped(broken)) not readable"
                + (skipped > 0 ? ", \(CountText.grouped(skipped)) skipped" : ""))
        if failed > 0 { throw ExitCode.findings }
        if broken > 0 { throw ExitCode.failure }
        if passed + skipped == 0 { throw stop(CampaignError("there is no case in what was named")) }
    }
}
