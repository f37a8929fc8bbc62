import ArgumentParser
import Campaign
import Plugins

/// The option that reports the code of plug-ins that a campaign reaches.
struct CoverageOption: ParsableArguments {
    @Flag(help: "Also print the lines and conditions that no case reached, of plug-ins built with --coverage.")
    var pluginCoverage = false

    /// Prepares the plug-ins that are loaded from now on.
    func begin() throws { if pluginCoverage { try CoverageFolder.begin() } }

    /// Checks that a plug-in counts.
    ///
    /// - Throws: `ValidationError` if there is none
    func check(_ patchers: [PatcherChoice]) throws {
        if !pluginCoverage { return }
        if CoverageFolder.read().isEmpty {
            // Those of a resumed campaign are not loaded yet.
            let plugins = patchers.compactMap(\.plugin).map { PluginFile(path: $0.path, name: $0.givenName) }
            _ = try PatcherChoice.plugins(plugins, host: Executable())
        }
        if CoverageFolder.read().isEmpty {
            throw ValidationError(
                "--plugin-coverage: no plug-in counts its lines; build one with 'plugin build --coverage'")
        }
    }

    /// Adds the counts to a report.
    func complete(_ report: inout CampaignReport) {
        if !pluginCoverage { return }
        report.pluginCoverage = CoverageFolder.read()
        CoverageFolder.end()
    }
}
