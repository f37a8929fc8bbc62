import Fuzzing
import Patching

/// A patcher by its name on the command line.
public struct PatcherChoice: Hashable, Sendable {
    private enum Origin: Hashable, Sendable {
        case builtIn(BuiltInPatchers)
        case planted(PlantedPatcher.Fault)
    }

    private let origin: Origin

    /// The designs that are compared when none is named.
    public static let builtIn = BuiltInPatchers.allCases.map { PatcherChoice(origin: .builtIn($0)) }

    /// Those that are wrong on purpose, and only used when they are named.
    public static let planted = PlantedPatcher.Fault.allCases.map { PatcherChoice(origin: .planted($0)) }

    private init(origin: Origin) { self.origin = origin }

    /// The patcher with a name, or `nil`.
    public init?(name: String) {
        guard let found = (PatcherChoice.builtIn + PatcherChoice.planted).first(where: { $0.name == name }) else {
            return nil
        }
        self = found
    }

    /// What the patcher is called.
    public var name: String {
        switch origin {
        case .builtIn(let design): design.name
        case .planted(let fault): fault.name
        }
    }

    /// The shared object that it is in, or `nil`.
    var file: String? { nil }

    /// The arguments that choose it on the command line.
    var arguments: [String] { ["--patcher", name] }

    /// Makes a patcher with a workspace of its own.
    public func make() -> any Patcher {
        switch origin {
        case .builtIn(let design): design.make()
        case .planted(let fault): PlantedPatcher(fault)
        }
    }
}
