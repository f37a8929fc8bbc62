import Foundation
import Fuzzing
import Patching
import Plugins

/// A patcher that can be named on the command line.
package struct PatcherChoice: Codable, Hashable, Sendable {
    enum Origin: Codable, Hashable, Sendable {
        case builtIn(BuiltInPatchers)
        case planted(PlantedFault)
        case plugin(Plugin.Description)
    }

    private let origin: Origin

    /// The default patchers.
    package static let builtIn = BuiltInPatchers.allCases.map { PatcherChoice(origin: .builtIn($0)) }

    /// The patchers with planted faults, which only run if they are named.
    package static let planted = PlantedFault.all.map(PatcherChoice.init)

    package init(_ fault: PlantedFault) { origin = .planted(fault) }

    init(origin: Origin) { self.origin = origin }

    /// The patcher of this package with a name, or `nil`.
    package init?(name: String) {
        guard let found = (PatcherChoice.builtIn + PatcherChoice.planted).first(where: { $0.name == name }) else {
            return nil
        }
        self = found
    }

    /// The patcher's name.
    package var name: String {
        switch origin {
        case .builtIn(let design): design.name
        case .planted(let fault): fault.name
        case .plugin(let plugin): plugin.name
        }
    }

    /// The plug-in of the patcher, or `nil`.
    package var plugin: Plugin.Description? { if case .plugin(let plugin) = origin { plugin } else { nil } }

    /// True for a plug-in that runs passes of a kernel in place of any edits.
    package var runsKernelPasses: Bool { plugin?.kernel?.passes.isEmpty == false }

    /// The same patcher; the path of a plug-in is replaced.
    func moved(_ path: (String) -> String) -> PatcherChoice {
        plugin.map { PatcherChoice(origin: .plugin($0.moved(to: path($0.path)))) } ?? self
    }

    /// The edits that it supports.
    package var capabilities: PatcherCapabilities { plugin?.capabilities ?? make().capabilities }

    /// Loads a plug-in that was loaded before, by this process or by one that may crash.
    private static func load(_ plugin: Plugin.Description) -> Plugin {
        precondition(PluginSandbox.isInside, "a plug-in in a process that must not be lost")
        do throws(PluginError) { return try Plugin(path: plugin.path, name: plugin.givenName) } catch {
            Output.note("error: \(error)\n")
            exit(1)
        }
    }

    /// Makes a patcher with its own workspace.
    ///
    /// - Parameter options: for plug-ins
    package func make(_ options: Plugin.Options = Plugin.Options()) -> any Patcher {
        switch origin {
        case .builtIn(let design): design.make()
        case .planted(let fault): fault.make()
        case .plugin(let plugin): Self.load(plugin).makePatcher(options: options)
        }
    }
}
