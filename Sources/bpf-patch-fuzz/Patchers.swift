import ArgumentParser
import Campaign
import Foundation
import Patching

/// `patchers`: lists the patchers.
struct Patchers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the patchers, with source and cost.",
        discussion: """
            The cost is that of one pass with n slots of program and patches, e edits and j jumps. With --plugin, the \
            capabilities of the plug-ins are listed instead.

            Example:
              bpf-patch-fuzz patchers --json
            """)

    @Option(
        name: .customLong("plugin"),
        help: ArgumentHelp(
            "A shared object that exports bpf_patcher_v1(); may be repeated.", valueName: "[name=]file"),
        transform: pluginFile)
    var plugins: [PluginFile] = []

    @Flag(
        help: """
            Print an array of objects with name, source and cost; for plug-ins with name, file, capabilities and kernel.
            """)
    var json = false

    /// A row of the list.
    private struct Row: Encodable {
        var name: String
        var source: String
        var cost: String
    }

    /// A row of the list of plug-ins.
    private struct PluginRow: Encodable {
        var name: String
        var file: String
        var capabilities: [String]
        /// The release of the kernel whose functions it is built from.
        var kernel: String?

        /// The supported and the missing capabilities.
        var text: String {
            let missing = PatcherCapabilities.named.map(\.name).filter {
                !capabilities.contains($0) && $0 != "stepwise"
            }
            return "\(name)\(kernel.map { ", built from Linux \($0)" } ?? ""): \(file)\n"
                + "  can: \(capabilities.isEmpty ? "replace one instruction" : capabilities.joined(separator: " "))\n"
                + "  cannot: \(missing.isEmpty ? "nothing" : missing.joined(separator: " "))"
        }
    }

    func run() throws {
        if !plugins.isEmpty { return try list(plugins) }
        let rows = BuiltInPatchers.allCases.map { Row(name: $0.name, source: $0.source, cost: $0.cost) }
        if json {
            try Output.json(rows)
            return
        }
        func column(_ text: String, _ width: Int) -> String {
            text.padding(toLength: width, withPad: " ", startingAt: 0)
        }
        let name = rows.map(\.name.count).max() ?? 0
        let cost = rows.map(\.cost.count).max() ?? 0
        for row in rows {
            let line = "\(column(row.name, name))  \(column(row.cost, cost))  \(row.source)"
            try Output.line(OutputWidth.wrap(line, indent: name + cost + 4))
        }
    }

    private func list(_ files: [PluginFile]) throws {
        let rows: [PluginRow]
        do {
            rows = try PatcherChoice.plugins(files, host: Executable()).compactMap(\.plugin).map { plugin in
                PluginRow(
                    name: plugin.name, file: plugin.path, capabilities: plugin.capabilities.names,
                    kernel: plugin.release)
            }
        } catch { throw stop(error) }
        if json {
            try Output.json(rows)
            return
        }
        for row in rows { try Output.line(OutputWidth.wrap(row.text)) }
    }
}
