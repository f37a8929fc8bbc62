import Foundation
import Fuzzing

/// Cases from files: `.case` files, JSON lines, and folders of them.
public enum CaseSource {
    /// A case and where it stands, or why nothing stands there.
    public struct Item: Sendable {
        /// The file, and the line for JSON lines.
        public var place: String
        public var content: Result<Case, CampaignError>
    }

    /// Whether a file holds JSON lines.
    static func isLines(_ path: String) -> Bool { path.hasSuffix(".jsonl") || path.hasSuffix(".json") }

    /// All cases of files and folders, in order of path; what cannot be read is an item too.
    public static func items(_ paths: [String]) -> [Item] { paths.flatMap(items(of:)) }

    private static func items(of path: String) -> [Item] {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            return [Item(place: path, content: .failure(CampaignError("\(path): there is no such file or folder")))]
        }
        if isFolder.boolValue { return files(in: path).flatMap(items(of:)) }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            let reason = CampaignError("\(path): cannot be read as text: \(error.localizedDescription)")
            return [Item(place: path, content: .failure(reason))]
        }
        if !isLines(path) {
            return [item(place: path) { () throws(TextError) in try CaseFile.parse(text, file: path) }]
        }
        var items: [Item] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            items.append(
                item(place: "\(path):\(number + 1)") { () throws(TextError) in
                    try ScriptLine.parse(String(line), file: path, number: number + 1)
                })
        }
        return items
    }

    private static func item(place: String, _ parse: () throws(TextError) -> Case) -> Item {
        do { return Item(place: place, content: .success(try parse())) } catch {
            return Item(place: place, content: .failure(CampaignError("\(error)")))
        }
    }

    /// The case files and JSON lines below a folder, by path.
    private static func files(in folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".case") || isLines($0) }.sorted().map { name in
            folder.hasSuffix("/") ? folder + name : folder + "/" + name
        }
    }

    /// The one case of a file.
    ///
    /// - Throws: ``CampaignError`` that says which file, line and column, and what was expected
    public static func single(_ path: String) throws(CampaignError) -> Case {
        let found = items(of: path)
        guard found.count == 1 else {
            throw CampaignError("\(path): holds \(found.count) cases where one was expected")
        }
        return try found[0].content.get()
    }
}
