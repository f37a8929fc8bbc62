import Foundation

/// Buckets that do not count for the exit status, from a file: one a line, `#` before a comment.
///
/// A line may be a pattern as of file names, as in `delta-array/*`; its `*` also stands for a `/`.
package struct KnownBuckets: Sendable {
    private var names: Set<String> = []
    private var patterns: [String] = []
    /// The file that the list was read from.
    private(set) var path: String?

    /// Knows none.
    package init() {}

    /// Reads a list; a line that nothing is found for is no error.
    package init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let word = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            if word.isEmpty { continue }
            if word.contains(where: { "*?[".contains($0) }) { patterns.append(word) } else { names.insert(word) }
        }
    }

    /// Reads the list of a file.
    ///
    /// - Throws: ``CampaignError`` when it cannot be read, or is not text
    package init(path: String) throws(CampaignError) {
        guard let text = String(bytes: try WholeFile.read(path), encoding: .utf8) else {
            throw CampaignError("\(path): is not text in UTF-8")
        }
        self.init(text)
        self.path = path
    }

    /// Whether a bucket is in the list.
    package func contains(_ bucket: String) -> Bool {
        names.contains(bucket) || patterns.contains { unsafe fnmatch($0, bucket, 0) == 0 }
    }
}
