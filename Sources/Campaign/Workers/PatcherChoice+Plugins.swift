import Foundation
import Plugins

extension PatcherChoice {
    /// The patchers of plug-ins, in the order of their names.
    ///
    /// - Parameters:
    ///   - host: the program that loads them in a child process, since they may crash
    ///   - limit: the time to load all of them in seconds, or `nil` for no limit
    /// - Throws: ``CampaignError`` if one cannot be used, or two have the same name
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
                        : "\(path): has the same name '\(plugin.name)' as \(other.path); "
                            + "rename it with \(host.option(naming: path))", isWrongUse: true)
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
}
