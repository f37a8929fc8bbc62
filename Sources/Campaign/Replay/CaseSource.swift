import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// Cases from files: `.case` files, JSON lines, inputs of fuzzing engines, and folders of them.
package enum CaseSource {
    /// A case and its place, or the reason why there is none.
    package struct Item: Sendable {
        /// The file, and the line for JSON lines.
        package var place: String
        package var content: Result<Case, CampaignError>

        /// The file, without the line.
        package var file: String {
            guard let colon = place.lastIndex(of: ":"), CaseSource.isLines(String(place[..<colon])) else {
                return place
            }
            return String(place[..<colon])
        }
    }

    /// Returns true if a file contains JSON lines.
    static func isLines(_ path: String) -> Bool { path.hasSuffix(".jsonl") || path.hasSuffix(".json") }

    /// All cases of files and folders, in order of path; a file that cannot be read is an item too.
    ///
    /// - Parameter limits: the limits of the patchers, on which the case of an engine's input depends
    package static func items(_ paths: [String], limits: [CaseLimits] = [CaseLimits()]) -> [Item] {
        paths.flatMap { items(of: $0, limits) }
    }

    private static func items(of path: String, _ limits: [CaseLimits] = [CaseLimits()]) -> [Item] {
        if (try? FileType(of: path)) == .directory { return files(below: path).flatMap { items(of: $0, limits) } }
        let text: String
        do throws(CampaignError) {
            if EngineInput.isName((path as NSString).lastPathComponent) {
                var cases = EngineCases(limits: limits)
                return [Item(place: path, content: .success(cases.makeCase(Array(try WholeFile.read(path)))))]
            }
            guard let read = String(bytes: try WholeFile.read(path), encoding: .utf8) else {
                throw CampaignError("\(path): is not text in UTF-8")
            }
            text = read
        } catch { return [Item(place: path, content: .failure(error))] }
        return items(of: text, path)
    }

    private static func items(of text: String, _ path: String) -> [Item] {
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

    /// The case files and JSON lines below a folder, and folders that cannot be listed, by path; links to folders are not
    /// followed.
    private static func files(below folder: String) -> [Entry] {
        let names: [String]
        do throws(FileError) { names = try Folder.names(in: folder) } catch {
            return [.refused(folder, CampaignError("\(error)"))]
        }
        return names.flatMap { name -> [Entry] in
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            if (try? FileType(of: path, followingLinks: false)) == .directory {
                // AFL++ marks inputs of its queue with files of the same names in the folder .state.
                return name == ".state" ? [] : files(below: path)
            }
            return name.hasSuffix(".case") || isLines(name) || EngineInput.isName(name) ? [.file(path)] : []
        }
    }

    /// An entry below a folder.
    private enum Entry {
        case file(String)
        case refused(String, CampaignError)
    }

    private static func items(of entry: Entry, _ limits: [CaseLimits]) -> [Item] {
        switch entry {
        case .file(let path): items(of: path, limits)
        case .refused(let folder, let reason): [Item(place: folder, content: .failure(reason))]
        }
    }

    /// The one case of a file.
    ///
    /// - Throws: ``CampaignError`` with file, line and column, and the expected text
    package static func single(_ path: String) throws(CampaignError) -> Case {
        let found = items(of: path)
        guard found.count == 1 else {
            throw CampaignError("\(path): contains \(found.count) cases; one is expected")
        }
        return try found[0].content.get()
    }
}
