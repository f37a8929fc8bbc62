import Foundation
import Fuzzing
import Testing

/// A folder of the repository that keeps `.case` files.
enum CaseFolder: String, CaseIterable {
    /// Corner cases written by hand.
    case seeds = "Seeds"
    /// What campaigns found, minimized; absent as long as nothing was.
    case crashes = "Crashes"

    /// What workloads make of programs written by hand; the name of a file starts with the workload's.
    case workloads = "Tests/Workloads"

    /// A file as the test report names it.
    struct File: CustomTestStringConvertible, Sendable {
        var folder: CaseFolder
        /// Its name without the extension.
        var idea: String
        var path: String { "\(folder.rawValue)/\(idea).case" }
        var testDescription: String { path }

        func text() throws -> String {
            try String(contentsOf: CaseFolder.root.appendingPathComponent(path), encoding: .utf8)
        }

        func parsed() throws -> Case { try CaseFile.parse(try text(), file: path) }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The `.case` files of the folder, by name.
    var files: [File] {
        let path = Self.root.appendingPathComponent(rawValue).path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(".case") }.sorted().map { File(folder: self, idea: String($0.dropLast(5))) }
    }
}
