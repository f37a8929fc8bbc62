import Foundation
import Fuzzing
import Testing

/// A folder of the repository with `.case` files.
enum CaseFolder: String, CaseIterable {
    /// Corner cases written by hand.
    case seeds = "Seeds"
    /// Minimized findings of campaigns; absent if there are none.
    case crashes = "Crashes"

    /// The passes of workloads on programs written by hand. A file name starts with the name of the workload.
    case workloads = "Tests/Workloads"

    /// A file, with its name in test reports.
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
