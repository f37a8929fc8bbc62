import Foundation

/// A list of buckets that do not affect the exit status: one on each line of a file; `#` begins a comment.
///
/// A line may be a pattern for `fnmatch`, such as `delta-array/*`; a `*` also matches `/`.
package struct KnownBuckets: Sendable {
    private var names: Set<String> = []
    private var patterns: [String] = []
    /// The file of the list.
    private(set) var path: String?

    /// Makes an empty list.
    package init() {}

    /// Parses a list. A line that matches no bucket is not an error.
    package init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let word = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            if word.isEmpty { continue }
            if word.contains(where: { "*?[".contains($0) }) { patterns.append(word) } else { names.insert(word) }
        }
    }

    /// The same list with more buckets.
    func adding(_ buckets: [String]) -> KnownBuckets {
        var list = self
        list.names.formUnion(buckets)
        return list
    }

    /// Reads a list from a file.
    ///
    /// - Throws: ``CampaignError`` if it cannot be read, or is not text
    package init(path: String) throws(CampaignError) {
        guard let text = String(bytes: try WholeFile.read(path), encoding: .utf8) else {
            throw CampaignError("\(path): is not text in UTF-8")
        }
        self.init(text)
        self.path = path
    }

    /// Returns true if a bucket matches a line.
    package func contains(_ bucket: String) -> Bool {
        names.contains(bucket) || patterns.contains { unsafe fnmatch($0, bucket, 0) == 0 }
    }
}
