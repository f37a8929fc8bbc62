import Foundation
import Plugins

/// A list of mutants that are equivalent to the unchanged code, each with the reason.
///
/// - Shape: a line `FUNCTION: OLD LINE => NEW LINE # REASON` each; lines that begin with `#` are comments
package struct EquivalentMutants: Sendable {
    private var reasons: [String: String] = [:]

    /// Reads a list; without a file, it is empty.
    ///
    /// - Throws: ``CampaignError`` if the file cannot be read, or a line has no change or no reason
    package init(path: String?) throws(CampaignError) {
        guard let path else { return }
        guard let text = String(bytes: try WholeFile.read(path), encoding: .utf8) else {
            throw CampaignError("\(path): is not text in UTF-8")
        }
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let mark = line.range(of: " # ", options: .backwards), line[..<mark.lowerBound].contains(" => ")
            else {
                throw CampaignError("\(path):\(number + 1): is not FUNCTION: OLD LINE => NEW LINE # REASON")
            }
            reasons[line[..<mark.lowerBound].trimmingCharacters(in: .whitespaces)] = String(line[mark.upperBound...])
        }
    }

    /// The reason for which a mutant is equivalent, or `nil` if it is not listed.
    package func reason(for mutant: Mutant) -> String? { reasons[mutant.identity] }

    /// A note for each line that names no mutant.
    package func unused(by mutants: [Mutant]) -> [String] {
        let all = Set(mutants.map(\.identity))
        return reasons.keys.filter { !all.contains($0) }.sorted().map { "no mutant is \($0)" }
    }
}
