import Foundation

/// A temporary folder that is removed in `deinit`.
package final class TestFolder: Sendable {
    package let path = NSTemporaryDirectory() + "bpf-patch-fuzz-test-\(UUID().uuidString)"
    package init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    package func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// All files by name, with their texts.
    package func texts() throws -> [String: String] { try TestFolder.texts(in: path) }

    /// All files of a folder by name, with their texts.
    package static func texts(in path: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            found[name] = try String(contentsOfFile: path + "/" + name, encoding: .utf8)
        }
        return found
    }
}
