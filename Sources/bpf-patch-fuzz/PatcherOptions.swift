import ArgumentParser
import Campaign
import Fuzzing

extension PatcherChoice: ExpressibleByArgument {
    /// Reads a name.
    package init?(argument: String) { self.init(name: argument) }

    /// The names that an error lists.
    package static var allValueStrings: [String] {
        builtIn.map(\.name) + PlantedPatcher.Fault.allCases.map(\.name)
    }

    package var defaultValueDescription: String { name }
}

/// The name of a patcher of this package on the command line, or all built-in ones.
enum PatcherName: Hashable, ExpressibleByArgument {
    case all
    case one(PatcherChoice)

    /// Reads a name.
    init?(argument: String) {
        if argument == "all" {
            self = .all
        } else if let choice = PatcherChoice(name: argument) {
            self = .one(choice)
        } else {
            return nil
        }
    }

    /// The names that an error lists.
    static var allValueStrings: [String] { PatcherChoice.allValueStrings + ["all"] }
}

/// Parses the value of `--plugin`.
///
/// - Throws: `ValidationError` if the name in it is invalid
func pluginFile(_ word: String) throws -> PluginFile {
    do { return try PluginFile(argument: word) } catch { throw ValidationError("\(error)") }
}

/// The options that choose patchers.
struct PatcherOptions: ParsableArguments {
    @Option(
        name: .customLong("patcher"),
        help: ArgumentHelp(
            "A patcher to test, or 'all' that 'patchers' lists; may be repeated. Default: all, or none with --plugin.",
            valueName: "name"))
    var names: [PatcherName] = []

    @Option(
        name: .customLong("plugin"),
        help: ArgumentHelp(
            """
            A shared object that exports bpf_patcher_v1(), declared in bpf_patcher.h; NAME=FILE sets its name, for \
            example to compare two versions. May be repeated.
            """, valueName: "[name=]file"), transform: pluginFile)
    var plugins: [PluginFile] = []

    mutating func validate() throws {
        if plugins.count > 32 { throw ValidationError("--plugin can be given 32 times at most") }
    }

    /// True if no patcher is named.
    var isDefault: Bool { givenName == nil }

    /// The name of the first option that is given, or `nil`.
    var givenName: String? { !names.isEmpty ? "--patcher" : !plugins.isEmpty ? "--plugin" : nil }

    /// The chosen patchers, sorted so that equal sets are the same campaign; plug-ins are last.
    ///
    /// - Parameter limit: the time to load all plug-ins in seconds, or `nil` for no limit
    /// - Throws: ``CampaignError`` if a plug-in cannot be used
    func chosen(within limit: Double? = nil) throws(CampaignError) -> [PatcherChoice] {
        let plugins = try PatcherChoice.plugins(plugins, host: Executable(), within: limit)
        if isDefault { return PatcherChoice.builtIn }
        return named + plugins
    }

    /// The choice of the judge of a case from a file.
    ///
    /// - Throws: ``CampaignError`` if a plug-in cannot be used
    func judgeChoice(
        _ judging: JudgingOptions, _ budget: BudgetOptions, isExecuting: Bool = false,
        injectedFault: InjectedKernelFault? = nil
    ) throws(CampaignError) -> JudgeChoice {
        JudgeChoice(
            try chosen(), isDefault: isDefault, oracleOptions: judging.oracleOptions, budget: budget.chosen,
            isExecuting: isExecuting, injectedFault: injectedFault)
    }

    /// The note for a case whose original patcher is not among the chosen ones.
    static func missingText(_ target: String) -> String {
        "found with \(target), which was not run; name it with "
            + (PatcherChoice(name: target) == nil ? "--plugin \(target)=FILE" : "--patcher \(target)")
    }

    /// The named patchers of this package.
    var named: [PatcherChoice] {
        (PatcherChoice.builtIn + PatcherChoice.planted).filter { choice in
            names.contains(.one(choice)) || (names.contains(.all) && PatcherChoice.builtIn.contains(choice))
        }
    }
}

/// Refuses plug-ins that run passes of a kernel, for a command with other edits.
///
/// - Throws: ``CampaignError`` if there is one
func refuseKernelPasses(_ choices: [PatcherChoice], in command: String) throws(CampaignError) {
    if let choice = choices.first(where: \.runsKernelPasses) {
        throw CampaignError(
            "\(choice.name) runs passes of the kernel, and '\(command)' has other edits; test it with "
                + "'run --workload \(Workload.kernelPasses.name)'", isWrongUse: true)
    }
}

extension Oracle: ExpressibleByArgument {}

/// The options of the oracle.
struct JudgingOptions: ParsableArguments {
    @Flag(
        help: """
            Also test plug-ins built from a kernel tree with passes that the kernel's functions do not expect; their \
            buckets contain beyond-contract.
            """)
    var beyondContract = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Make one allocation in N fail inside plug-ins built from a kernel tree; the kernel's functions must report \
            it and leave a usable program. Default: one in 4, in one case of 16.
            """, valueName: "one-in"),
        transform: NumberOption.oneIn)
    var failAlloc: UInt32?

    @Option(
        help: ArgumentHelp(
            """
            The oracle: 'fast', or 'reference', the slower but readable implementation of the rules. With 'reference', \
            a different result of the fast oracle is a finding against the target 'oracle'. Default: fast.
            """, valueName: "name"))
    var oracle: Oracle?

    /// Checks that the options apply to a patcher.
    ///
    /// - Throws: `ValidationError` if no patcher is built from a kernel tree
    func check(_ patchers: [PatcherChoice]) throws {
        let isDefault = oracleOptions == OracleOptions(oracle: oracleOptions.oracle)
        if isDefault || patchers.contains(where: { $0.plugin?.release != nil }) { return }
        throw ValidationError(
            "--beyond-contract and --fail-alloc apply only to plug-ins made by 'plugin build'; name one with --plugin")
    }

    /// Other options, replaced by those that are given.
    func oracleOptions(over other: OracleOptions) -> OracleOptions {
        OracleOptions(
            beyondContract: beyondContract || other.beyondContract, failAlloc: failAlloc ?? other.failAlloc,
            oracle: oracle ?? other.oracle)
    }

    var oracleOptions: OracleOptions { oracleOptions(over: OracleOptions()) }

    /// The name of the first option that is given, or `nil`.
    var givenName: String? {
        beyondContract ? "--beyond-contract" : failAlloc != nil ? "--fail-alloc" : oracle != nil ? "--oracle" : nil
    }
}
