import ArgumentParser
import Campaign
import Fuzzing

extension PatcherChoice: ExpressibleByArgument {
    /// Reads a name.
    package init?(argument: String) { self.init(name: argument) }

    /// The names that an error lists.
    package static var allValueStrings: [String] { (builtIn + planted).map(\.name) }

    package var defaultValueDescription: String { name }
}

/// A patcher of this package by its name on the command line, or all that are right.
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

/// Reads the word that follows `--plugin`.
///
/// - Throws: `ValidationError` when the name in it cannot be one
func pluginFile(_ word: String) throws -> PluginFile {
    do { return try PluginFile(argument: word) } catch { throw ValidationError("\(error)") }
}

/// The options that choose patchers.
struct PatcherOptions: ParsableArguments {
    @Option(
        name: .customLong("patcher"),
        help: ArgumentHelp(
            "A patcher to compare, or 'all' that 'patchers' lists; may be repeated. Default: all, or with --plugin none.",
            valueName: "name"))
    var names: [PatcherName] = []

    @Option(
        name: .customLong("plugin"),
        help: ArgumentHelp(
            """
            A shared object that exports bpf_patcher_v1(), as bpf_patcher.h declares it; NAME=FILE names it, as \
            for an old and a new version of one plug-in. May be repeated.
            """, valueName: "[name=]file"), transform: pluginFile)
    var plugins: [PluginFile] = []

    mutating func validate() throws {
        if plugins.count > 32 { throw ValidationError("--plugin can be given 32 times at most") }
    }

    /// True if no patcher is named.
    var isDefault: Bool { givenName == nil }

    /// The name of the first option that is given, or `nil`.
    var givenName: String? { !names.isEmpty ? "--patcher" : !plugins.isEmpty ? "--plugin" : nil }

    /// Each of them once, in the order of the list, so that the same set is the same campaign; plug-ins come last.
    ///
    /// - Parameter limit: how long plug-ins may take to be loaded, in seconds, or `nil`
    /// - Throws: ``CampaignError`` when a plug-in cannot be used
    func chosen(within limit: Double? = nil) throws(CampaignError) -> [PatcherChoice] {
        let plugins = try PatcherChoice.plugins(plugins, host: Executable(), within: limit)
        if isDefault { return PatcherChoice.builtIn }
        return named + plugins
    }

    /// Those that judge one case: the one that it was found with, if there is a choice, else all that are chosen.
    ///
    /// - Parameter target: the name of the patcher that the case was found with
    /// - Throws: ``CampaignError`` when a plug-in cannot be used
    func chosen(for target: String?) throws(CampaignError) -> [PatcherChoice] {
        let choices = try chosen()
        // A case found with a patcher that had to be named is judged by it without naming it again.
        let known = isDefault ? choices + PatcherChoice.planted : choices.filter { $0.plugin != nil }
        if names.isEmpty, let own = known.first(where: { $0.name == target }) { return [own] }
        return choices
    }

    /// Returns true if a case was found with a patcher that is not run with it.
    func isStranger(_ target: String, _ chosen: [PatcherChoice]) -> Bool {
        if [Finding.oracleTarget, "pass-check", "kernel"].contains(target) { return false }
        if chosen.contains(where: { $0.name == target }) { return false }
        return !(isDefault && PatcherChoice(name: target) != nil)
    }

    /// The note for a case that was found with a patcher which is not run with it.
    static func strangerText(_ target: String) -> String {
        "found with \(target), which was not run; name it with "
            + (PatcherChoice(name: target) == nil ? "--plugin \(target)=FILE" : "--patcher \(target)")
    }

    /// Those of this package that are named.
    var named: [PatcherChoice] {
        (PatcherChoice.builtIn + PatcherChoice.planted).filter { choice in
            names.contains(.one(choice)) || (names.contains(.all) && PatcherChoice.builtIn.contains(choice))
        }
    }
}

extension Oracle: ExpressibleByArgument {}

/// The options that say how patchers are judged.
struct JudgingOptions: ParsableArguments {
    @Flag(
        help: """
            Give plug-ins built from a kernel tree also passes that the kernel's functions do not expect; their findings say \
            so.
            """)
    var beyondContract = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Make one allocation in so many fail inside plug-ins built from a kernel tree, to see that the kernel's functions \
            report it and leave a usable program.
            """, valueName: "one-in"),
        transform: NumberOption.oneIn)
    var failAlloc: UInt32?

    @Option(
        help: ArgumentHelp(
            """
            The oracle that judges: 'fast', or 'reference', the rules that are written to be read. With 'reference', a \
            different result of the fast one is a finding against the target 'oracle'. Default: fast.
            """, valueName: "name"))
    var oracle: Oracle?

    /// Checks that they apply to some patcher.
    ///
    /// - Throws: `ValidationError` when no patcher is built from a kernel tree
    func check(_ patchers: [PatcherChoice]) throws {
        if terms == OracleOptions(oracle: terms.oracle) || patchers.contains(where: { $0.plugin?.release != nil }) {
            return
        }
        throw ValidationError(
            "--beyond-contract and --fail-alloc are for plug-ins made by 'plugin build', and there is none")
    }

    /// The terms with the options that are given.
    func terms(over terms: OracleOptions) -> OracleOptions {
        OracleOptions(
            beyondContract: beyondContract || terms.beyondContract, failAlloc: failAlloc ?? terms.failAlloc,
            oracle: oracle ?? terms.oracle)
    }

    var terms: OracleOptions { terms(over: OracleOptions()) }

    /// The name of the first option that is given, or `nil`.
    var givenName: String? {
        beyondContract ? "--beyond-contract" : failAlloc != nil ? "--fail-alloc" : oracle != nil ? "--oracle" : nil
    }
}
