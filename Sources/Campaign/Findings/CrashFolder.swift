import Foundation
import Fuzzing

/// The folder of findings: one file a bucket, never half written.
public struct CrashFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Names a folder; see ``prepare()``.
    public init(path: String) { self.path = path }

    /// Makes the folder if it is missing and checks that files can be written to it.
    ///
    /// - Throws: ``CampaignError`` that says which folder, and why not
    public func prepare() throws(CampaignError) {
        let probe = URL(fileURLWithPath: path).appendingPathComponent(".writable-\(getpid())")
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data().write(to: probe)
            try FileManager.default.removeItem(at: probe)
        } catch {
            throw CampaignError("\(path): findings cannot be written here: \(error.localizedDescription)")
        }
    }

    /// Where the finding of a bucket is kept.
    public func file(of bucket: String) -> String {
        URL(fileURLWithPath: path).appendingPathComponent(
            bucket.replacingOccurrences(of: "/", with: "--") + ".case"
        ).relativePath
    }

    /// Writes a case whole or not at all, to a temporary file that is then renamed.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    public static func write(_ c: Case, to path: String) throws(CampaignError) {
        try write(CaseFile.print(c), to: path)
    }

    /// Writes a text whole or not at all, to a temporary file that is then renamed.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    public static func write(_ text: String, to path: String) throws(CampaignError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CampaignError("\(path): cannot be written: \(error.localizedDescription)")
        }
    }

    /// The case that is kept for a bucket, or `nil` when there is none that can be read.
    func stored(_ bucket: String) -> Case? {
        let file = file(of: bucket)
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return try? CaseFile.parse(text, file: file)
    }
}
