import Fuzzing
import Patching
import Plugins

/// A patcher as the command line names it.
public struct PatcherChoice: Hashable, Sendable {
    private enum Origin: Hashable, Sendable {
        case builtIn(BuiltInPatchers)
        case planted(PlantedPatcher.Fault)
        case plugin(Plugin)
    }

    private let origin: Origin

    /// The designs that are compared when none is named.
    public static let builtIn = BuiltInPatchers.allCases.map { PatcherChoice(origin: .builtIn($0)) }

    /// Those that are wrong on purpose, and only used when they are named.
    public static let planted = PlantedPatcher.Fault.allCases.map { PatcherChoice(origin: .planted($0)) }

    private init(origin: Origin) { self.origin = origin }

    /// The patcher of this package with a name, or `nil`.
    public init?(name: String) {
        guard let found = (PatcherChoice.builtIn + PatcherChoice.planted).first(where: { $0.name == name }) else {
            return nil
        }
        self = found
    }

    /// Loads plug-ins, in the order of their names.
    ///
    /// - Throws: ``PluginError`` when one cannot be used, or two have the same name
    public static func plugins(_ paths: [String]) throws(PluginError) -> [PatcherChoice] {
        var found: [Plugin] = []
        let reserved = Set((builtIn + planted).map(\.name))
        for path in paths {
            let plugin = try Plugin(path: path, reserved: reserved)
            if let other = found.first(where: { $0.name == plugin.name }) {
                throw PluginError(
                    other.path == plugin.path
                        ? "\(path): is named twice; name it once"
                        : "\(path): has the name '\(plugin.name)', as \(other.path) has; give it a name of its own")
            }
            found.append(plugin)
        }
        return found.sorted { $0.name < $1.name }.map { PatcherChoice(origin: .plugin($0)) }
    }

    /// What the patcher is called.
    public var name: String {
        switch origin {
        case .builtIn(let design): design.name
        case .planted(let fault): fault.name
        case .plugin(let plugin): plugin.name
        }
    }

    /// The plug-in that it comes from, or `nil`.
    public var plugin: Plugin? { if case .plugin(let plugin) = origin { plugin } else { nil } }

    /// The shared object that it is in, or `nil`.
    var file: String? { plugin?.path }

    /// What it can do.
    public var capabilities: PatcherCapabilities { plugin?.capabilities ?? make().capabilities }

    /// The words of a command line that choose it.
    public var arguments: [String] { plugin.map { ["--plugin", $0.path] } ?? ["--patcher", name] }

    /// Makes a patcher with a workspace of its own.
    ///
    /// - Parameter options: for plug-ins
    public func make(_ options: Plugin.Options = Plugin.Options()) -> any Patcher {
        switch origin {
        case .builtIn(let design): design.make()
        case .planted(let fault): PlantedPatcher(fault)
        case .plugin(let plugin): plugin.makePatcher(options: options)
        }
    }
}

/// How patchers from outside are judged, apart from who they are.
public struct JudgingTerms: Hashable, Sendable {
    /// Whether patchers made of the kernel's functions are given what these do not assume.
    public var beyondContract: Bool
    /// One allocation in so many of a plug-in made of the kernel's functions fails; 0 for none.
    public var failAlloc: UInt32

    public init(beyondContract: Bool = false, failAlloc: UInt32 = 0) {
        self.beyondContract = beyondContract
        self.failAlloc = failAlloc
    }

    /// Makes patchers.
    ///
    /// - Parameter checksEveryAnswer: whether plug-ins are asked twice for every pass, as single cases want it
    public func make(_ choices: [PatcherChoice], checksEveryAnswer: Bool = false) -> [any Patcher] {
        choices.map { $0.make(Plugin.Options(checksEveryAnswer: checksEveryAnswer, failAlloc: failAlloc)) }
    }

    /// The words of a command line that set them.
    public var arguments: [String] {
        (beyondContract ? ["--beyond-contract"] : []) + (failAlloc > 0 ? ["--fail-alloc", String(failAlloc)] : [])
    }
}
