import Foundation
import Fuzzing
import Patching
import Plugins

/// A patcher as the command line names it.
package struct PatcherChoice: Codable, Hashable, Sendable {
    private enum Origin: Codable, Hashable, Sendable {
        case builtIn(BuiltInPatchers)
        case planted(PlantedPatcher.Fault)
        case plugin(Plugin.Description)
    }

    private let origin: Origin

    /// The designs that are compared when none is named.
    package static let builtIn = BuiltInPatchers.allCases.map { PatcherChoice(origin: .builtIn($0)) }

    /// Those that are wrong on purpose, and only used when they are named.
    package static let planted = PlantedPatcher.Fault.allCases.map { PatcherChoice(origin: .planted($0)) }

    private init(origin: Origin) { self.origin = origin }

    /// The patcher of this package with a name, or `nil`.
    package init?(name: String) {
        guard let found = (PatcherChoice.builtIn + PatcherChoice.planted).first(where: { $0.name == name }) else {
            return nil
        }
        self = found
    }

    /// Plug-ins, in the order of their names.
    ///
    /// - Parameters:
    ///   - host: the program that serves as a process to load them in, which they may end
    ///   - limit: how long all may take to be loaded, in seconds, if that is less than what each may; `nil` for no limit
    /// - Throws: ``CampaignError`` when one cannot be used, or two have the same name
    package static func plugins(
        _ files: [PluginFile], host: any HostProgram, within limit: Double? = nil
    ) throws(CampaignError) -> [PatcherChoice] {
        let start = Date()
        var found: [Plugin.Description] = []
        if let file = files.first, StaticExecutable.isRunning {
            throw CampaignError("\(file.path): \(StaticExecutable.refusal)")
        }
        for file in files {
            let rest = limit.map { max($0 - Date().timeIntervalSince(start), 0) }
            let plugin = try describe(file, host: host, within: rest)
            let path = file.path
            if PluginFile.reserved.contains(plugin.name) {
                throw CampaignError(
                    "\(path): its name '\(plugin.name)' \(PluginFile.reservedReason); "
                        + "name it with \(host.option(naming: path))")
            }
            if let other = found.first(where: { $0.name == plugin.name }) {
                throw CampaignError(
                    other.path == plugin.path
                        ? "\(path): is named twice; name it once"
                        : "\(path): has the name '\(plugin.name)', as \(other.path) has; "
                            + "tell them apart with \(host.option(naming: path))", isWrongUse: true)
            }
            found.append(plugin)
        }
        return found.sorted { $0.name < $1.name }.map { PatcherChoice(origin: .plugin($0)) }
    }

    private static func describe(
        _ file: PluginFile, host: any HostProgram, within limit: Double?
    ) throws(CampaignError) -> Plugin.Description {
        if !PluginSandbox.isInside { return try PluginProcess.describe(file, host: host, within: limit) }
        do throws(PluginError) { return try Plugin(path: file.path, name: file.name).description } catch {
            throw CampaignError(error.description)
        }
    }

    /// What the patcher is called.
    package var name: String {
        switch origin {
        case .builtIn(let design): design.name
        case .planted(let fault): fault.name
        case .plugin(let plugin): plugin.name
        }
    }

    /// The plug-in that it comes from, or `nil`.
    package var plugin: Plugin.Description? { if case .plugin(let plugin) = origin { plugin } else { nil } }

    /// The same patcher, with its plug-in, if it is one, at the path that is given for its own.
    func moved(_ path: (String) -> String) -> PatcherChoice {
        plugin.map { PatcherChoice(origin: .plugin($0.moved(to: path($0.path)))) } ?? self
    }

    /// What it can do.
    package var capabilities: PatcherCapabilities { plugin?.capabilities ?? make().capabilities }

    /// Loads a plug-in, which has been loaded before: by this process, or by one that it may end.
    private static func load(_ plugin: Plugin.Description) -> Plugin {
        precondition(PluginSandbox.isInside, "a plug-in in a process that must not be lost")
        do throws(PluginError) { return try Plugin(path: plugin.path, name: plugin.givenName) } catch {
            Output.note("error: \(error)\n")
            exit(1)
        }
    }

    /// Makes a patcher with a workspace of its own.
    ///
    /// - Parameter options: for plug-ins
    package func make(_ options: Plugin.Options = Plugin.Options()) -> any Patcher {
        switch origin {
        case .builtIn(let design): design.make()
        case .planted(let fault): PlantedPatcher(fault)
        case .plugin(let plugin): Self.load(plugin).makePatcher(options: options)
        }
    }
}
