import Foundation
import Plugins

/// A list of mutants that no case can tell from the unchanged code, each with the reason.
///
/// A list may name a mutant by the digest of its text, so that it holds no text of a kernel.
///
/// - Shape: a line `FUNCTION: OLD LINE => NEW LINE # REASON` or `FUNCTION: DIGEST # REASON` each; lines that begin with
///   `#` are comments
package struct EquivalentMutants: Sendable {
    private var reasons: [String: String] = [:]
    private let path: String

    /// Reads a list; without a file, it is empty.
    ///
    /// - Throws: ``CampaignError`` if the file cannot be read, or a line has no change or no reason
    package init(path: String?) throws(CampaignError) {
        self.path = path ?? ""
        guard let path else { return }
        guard let text = String(bytes: try WholeFile.read(path), encoding: .utf8) else {
            throw CampaignError("\(path): is not text in UTF-8")
        }
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let mark = line.range(of: " # ", options: .backwards),
                let name = Self.name(line[..<mark.lowerBound].trimmingCharacters(in: .whitespaces))
            else {
                throw CampaignError(
                    "\(path):\(number + 1): is neither FUNCTION: OLD LINE => NEW LINE # REASON nor FUNCTION: DIGEST # "
                        + "REASON")
            }
            reasons[name] = String(line[mark.upperBound...])
        }
    }

    /// The name of a mutant by its digest; `nil` if a line has neither a change nor a digest.
    private static func name(_ text: String) -> String? {
        if let change = text.range(of: ": "), text[change.upperBound...].contains(" => ") {
            return name(function: String(text[..<change.lowerBound]), digest: digest(text))
        }
        let parts = text.components(separatedBy: ": ")
        guard parts.count == 2, parts[1].count == 16, parts[1].allSatisfy(\.isHexDigit) else { return nil }
        return name(function: parts[0], digest: parts[1].lowercased())
    }

    private static func name(function: String, digest: String) -> String { "\(function): \(digest)" }

    private static func digest(_ text: String) -> String { Fingerprint(Data(text.utf8)).description }

    /// The name of a mutant in a list: its function and the digest of its text.
    static func name(of mutant: Mutant) -> String {
        name(function: mutant.function, digest: digest(mutant.identity))
    }

    /// The reason why a mutant cannot be told from the unchanged code, or `nil` if it is not listed.
    package func reason(for mutant: Mutant) -> String? { reasons[Self.name(of: mutant)] }

    /// A note on the lines that name no mutant; `nil` if there are none.
    package func unused(by mutants: [Mutant]) -> String? {
        let all = Set(mutants.map(Self.name))
        let unused = reasons.keys.filter { !all.contains($0) }.sorted()
        guard let first = unused.first else { return nil }
        return "\(path): no mutant of this tree is named by \(CountText.of(unused.count, "line")), such as \(first)"
    }
}
