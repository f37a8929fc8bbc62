import ArgumentParser
import Campaign
import LinuxBPF

/// `kernel judge`: a process that loads single cases; started by whoever must outlive them.
struct KernelJudgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "judge", shouldDisplay: false)

    @Option var timeout = KernelSubject.budget.timeout
    @Flag var execute = false
    @OptionGroup var spoiling: PlantOption

    func run() throws {
        do {
            var budget = KernelSubject.budget
            budget.timeout = timeout
            let server = try JudgeServer(targets: KernelSubject.targets, budget: budget)
            let judge = try KernelJudge(
                facts: try RunningKernel().facts, isExecuting: execute, plant: spoiling.plant, progress: server.progress
            )
            server.run { c, _ in judge.judge(c) }
        } catch { throw stop(error) }
    }
}
