import ArgumentParser
import Campaign

extension PatcherChoice: ExpressibleByArgument {
    /// Reads a name.
    public init?(argument: String) { self.init(name: argument) }

    /// The names that an error lists.
    public static var allValueStrings: [String] { (builtIn + planted).map(\.name) }

    public var defaultValueDescription: String { name }
}

/// The option that chooses patchers.
struct PatcherOptions: ParsableArguments {
    @Option(
        name: .customLong("patcher"),
        help: "A patcher to compare; may be repeated. Default: all that 'patchers' lists.")
    var names: [PatcherChoice] = []

    /// Each of them once, in the order of the list, so that the same set is the same campaign.
    var chosen: [PatcherChoice] {
        names.isEmpty
            ? PatcherChoice.builtIn : (PatcherChoice.builtIn + PatcherChoice.planted).filter(names.contains)
    }
}
