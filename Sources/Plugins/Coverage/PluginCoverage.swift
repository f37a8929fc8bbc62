/// The lines and conditions of a kernel's functions that a campaign reached.
package struct PluginCoverage: Codable, Sendable, Hashable {
    /// A line that did not run, or a condition that was never true or never false.
    package struct Missing: Codable, Sendable, Hashable {
        /// The file in the tree.
        package var file: String
        package var line: Int
        package var function: String
        /// The condition and its missing outcome; `nil` for a line that did not run.
        package var condition: String?
        package var outcome: Bool?

        /// One line of text.
        package var text: String {
            guard let condition, let outcome else { return "\(file):\(line): \(function)(): never runs" }
            return "\(file):\(line): \(function)(): never \(outcome): \(condition)"
        }
    }

    /// The name that the plug-in was built with.
    package var name: String
    package var lines = 0
    package var linesRun = 0
    /// The outcomes of conditions.
    package var branches = 0
    package var branchesRun = 0
    package var missing: [Missing] = []

    /// The totals, in one line.
    package var text: String {
        "\(name): \(linesRun) of \(lines) lines and \(branchesRun) of \(branches) branches ran"
    }

    private enum CodingKeys: String, CodingKey {
        case name, lines, branches, missing
        case linesRun = "lines_run"
        case branchesRun = "branches_run"
    }

    /// Makes the coverage from the places of a plug-in and its bytes. A line ran if one of its statements did.
    init(places text: String, hits: [UInt8]) {
        let rows = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        name = rows.first ?? ""
        var all: [(place: Missing, isHit: Bool)] = []
        for (number, row) in rows.dropFirst().enumerated() where number < hits.count {
            let parts = row.split(separator: "\t", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 5, let line = Int(parts[1]) else { continue }
            let isLine = parts[3] == "line"
            let place = Missing(
                file: parts[0], line: line, function: parts[2], condition: isLine ? nil : parts[4],
                outcome: isLine ? nil : parts[3] == "true")
            all.append((place, hits[number] != 0))
        }
        var isRun: [Missing: Bool] = [:]
        for (place, isHit) in all where place.condition == nil {
            isRun[place] = isHit || isRun[place] == true
        }
        lines = isRun.count
        linesRun = isRun.values.count { $0 }
        let outcomes = all.filter { $0.place.condition != nil }
        branches = outcomes.count
        branchesRun = outcomes.count { $0.isHit }
        missing = isRun.filter { !$0.value }.map(\.key)
        for (number, outcome) in outcomes.enumerated() where !outcome.isHit {
            // The two outcomes of a condition are neighbours. Without either, its line does not run.
            if outcomes[number ^ 1].isHit { missing.append(outcome.place) }
        }
        missing.sort { ($0.file, $0.line, $0.condition ?? "") < ($1.file, $1.line, $1.condition ?? "") }
    }
}
