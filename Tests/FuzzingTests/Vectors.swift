import Foundation
import Fuzzing

/// The files of `Tests/Vectors`.
enum Vectors {
    static let files = ["passes.jsonl", "far.jsonl", "corners.jsonl"]

    static func text(of file: String) throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: folder.appendingPathComponent("Vectors/\(file)"), encoding: .utf8)
    }

    /// The parsed files, cached: parsing takes a debug build seconds.
    private static let contents = Result {
        try Dictionary(
            uniqueKeysWithValues: files.map { ($0, try ScriptLine.parseAll(try text(of: $0), file: $0)) })
    }

    static func cases(of file: String) throws -> [Case] { try contents.get()[file] ?? [] }
}
