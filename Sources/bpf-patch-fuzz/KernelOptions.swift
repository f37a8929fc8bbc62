import ArgumentParser
import Campaign
import KernelModel
import KernelRewrites
import LinuxBPF

extension ProgramProfile: ExpressibleByArgument {}
extension InjectedKernelFault: ExpressibleByArgument {}

/// The option that injects a fault into the kernel's results, for tests.
struct InjectedFaultOption: ParsableArguments {
    @Option(name: .customLong("plant"), help: .hidden)
    var fault: InjectedKernelFault?
}

/// The option for code that the check does not understand.
struct UnexplainedOption: ParsableArguments {
    @Flag(
        name: .customLong("allow-unexplained"),
        help: "Code that the checker does not understand does not affect the exit status.")
    var isAllowed = false
}

/// The campaign that the options describe.
extension KernelRun {
    var givenName: String? {
        !profiles.isEmpty
            ? "--profile"
            : execute
                ? "--execute" : loads != nil ? "--loads" : injection.fault != nil ? "--plant" : nil
    }

    var isOnlyMade: Bool { loads != nil }

    static func own(_ target: CampaignTarget) -> KernelTarget? { target.kernel }

    /// The target with sorted profiles, so that equal sets are the same campaign. The kernel is always the running one.
    func target(over target: KernelTarget?, isKept: Bool) throws -> CampaignTarget {
        if let loads { return .kernel(try KernelTarget(loadLog: loads)) }
        var facts = try RunningKernel().facts
        injection.fault?.inject(into: &facts)
        // A kernel may complain about a probe only once.
        if let kept = target?.facts, kept.isSameKernel(as: facts) { facts = kept }
        var target = target ?? KernelTarget(facts: facts)
        if !profiles.isEmpty { target.profiles = ProgramProfile.allCases.filter(profiles.contains) }
        target.isExecuting = execute || target.isExecuting
        target.injectedFault = injection.fault ?? target.injectedFault
        target.facts = facts
        return .kernel(target)
    }

    /// The list of profiles for a help text, with indented continuation lines.
    static var list: String {
        let width = ProgramProfile.allCases.map(\.rawValue.count).max() ?? 0
        return ProgramProfile.allCases.map { profile in
            let name = profile.rawValue
            let line = "  " + name + String(repeating: " ", count: width - name.count) + "  " + profile.summary
            return OutputWidth.wrap(line, to: OutputWidth.help, indent: width + 2)
        }.joined(separator: "\n")
    }
}
