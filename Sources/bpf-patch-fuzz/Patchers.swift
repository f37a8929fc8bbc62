import ArgumentParser
import Campaign
import Foundation
import Patching

/// `patchers`: the list of designs.
struct Patchers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the patchers, with source and cost.",
        discussion: """
            The cost is that of one pass: n slots, e edits, j jumps.

            Example:
              bpf-patch-fuzz patchers --json
            """)

    @Flag(help: "Print an array of objects with name, source and cost.")
    var json = false

    /// A row of the list.
    private struct Row: Encodable {
        var name: String
        var source: String
        var cost: String
    }

    func run() throws {
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
        for row in rows { try Output.line("\(column(row.name, name))  \(column(row.cost, cost))  \(row.source)") }
    }
}
