import ArgumentParser
import Campaign
import KernelRewrites
import LinuxBPF

extension ProgramProfile: ExpressibleByArgument {}
extension InjectedKernelFault: ExpressibleByArgument {}

/// The option that injects a fault into the result of the kernel, to see a finding.
struct PlantOption: ParsableArguments {
    @Option(name: .customLong("plant"), help: .hidden)
    var plant: InjectedKernelFault?
}

/// The options of a campaign against the running kernel.
struct KernelCampaignOptions: CampaignOptions {
    @OptionGroup var range: RangeOptions

    @Option(
        name: .customLong("profile"),
        help: ArgumentHelp("A kind of programs to make; may be repeated. Default: all.", valueName: "name"))
    var profiles: [ProgramProfile] = []

    @Flag(
        help: """
            Also run programs that passed every check, with BPF_PROG_TEST_RUN: with and without the rewrites; both \
            must return the same.
            """)
    var execute = false

    @OptionGroup var spoiling: PlantOption

    var givenName: String? {
        !profiles.isEmpty ? "--profile" : execute ? "--execute" : spoiling.plant != nil ? "--plant" : nil
    }

    /// Each profile once, in the order of the list, so that the same set is the same campaign. The kernel is always the one
    /// that is running.
    func target(over target: CampaignTarget?, isKept: Bool) throws -> CampaignTarget? {
        if let target, target.kernel == nil { return nil }
        let facts = try RunningKernel().facts
        var subject = target?.kernel ?? KernelTarget(facts: facts)
        if !profiles.isEmpty { subject.profiles = ProgramProfile.allCases.filter(profiles.contains) }
        subject.isExecuting = execute || subject.isExecuting
        subject.plant = spoiling.plant ?? subject.plant
        subject.facts = facts
        return .kernel(subject)
    }

    /// The list for the help of a command: a line each, set in where it continues.
    static var list: String {
        let width = ProgramProfile.allCases.map(\.rawValue.count).max() ?? 0
        return ProgramProfile.allCases.map { profile in
            let name = profile.rawValue
            let line = "  " + name + String(repeating: " ", count: width - name.count) + "  " + profile.summary
            return OutputWidth.wrap(line, to: OutputWidth.help, indent: width + 2)
        }.joined(separator: "\n")
    }
}
