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

    @OptionGroup var injection: PlantOption

    var givenName: String? {
        !profiles.isEmpty ? "--profile" : execute ? "--execute" : injection.plant != nil ? "--plant" : nil
    }

    static func own(_ target: CampaignTarget) -> KernelTarget? { target.kernel }

    /// Each profile once, in the order of the list, so that the same set is the same campaign. The kernel is always the one
    /// that is running.
    func target(over target: KernelTarget?, isKept: Bool) throws -> CampaignTarget {
        let facts = try RunningKernel().facts
        var target = target ?? KernelTarget(facts: facts)
        if !profiles.isEmpty { target.profiles = ProgramProfile.allCases.filter(profiles.contains) }
        target.isExecuting = execute || target.isExecuting
        target.plant = injection.plant ?? target.plant
        target.facts = facts
        return .kernel(target)
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
