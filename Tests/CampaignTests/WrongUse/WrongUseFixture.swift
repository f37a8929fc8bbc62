import Foundation
import Testing

/// A folder of files that a user may name by mistake, and that a wrong command must not change.
struct WrongUseFixture: Sendable {
    let folder: Tool.Folder
    /// The initial contents: each path with its kind, size and bytes.
    let before: [String: String]

    static let shared = Result { try WrongUseFixture() }

    private init() throws {
        let folder = try Tool.Folder()
        let path = folder.path
        _ = try folder.write("mine\n", to: "text")
        _ = try folder.write(
            "# bpf-patch-fuzz case\n\nprogram\n    goto L1\nL1: exit\n\npass\n", to: "good.case")
        _ = try folder.write(
            "{\"name\":\"one\",\"insns\":[\"9500000000000000\"],\"passes\":[[]]}\n", to: "good.jsonl")
        for name in [
            "folder", "empty", "tree", "endless", "locked", "linked", "notes", "diary", "diary/.writing-diary",
        ] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: false)
        }
        for name in ["folder/notes", "locked/lock", "notes/.writing-7-notes", "diary/.writing-diary/monday"] {
            _ = try folder.write("mine too\n", to: name)
        }
        try FileManager.default.createSymbolicLink(
            atPath: "\(path)/linked/lock", withDestinationPath: "\(path)/text")
        try FileManager.default.createSymbolicLink(
            atPath: "\(path)/endless/a.case", withDestinationPath: "/dev/full")
        for (name, kind) in [("fifo", S_IFIFO), ("socket", S_IFSOCK)] {
            try #require(unsafe mknod("\(path)/\(name)", kind | 0o600, 0) == 0)
        }
        // A finding and a state, for the commands that need them.
        let found = try Tool.run([
            "run", "--seed", "3", "--cases", "256", "--patcher", "planted-lost-aux", "--state", "\(path)/state",
        ])
        try #require(found.status == 77, "\(found.errors)")
        // Checks run in parallel, and only one command at a time can use a state.
        for copy in Self.states.dropFirst() {
            try FileManager.default.copyItem(atPath: "\(path)/state", toPath: "\(path)/\(copy)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/state/crashes")
        let name = try #require(names.filter { $0.hasSuffix(".case") }.min())
        try FileManager.default.copyItem(atPath: "\(path)/state/crashes/\(name)", toPath: "\(path)/finding.case")
        self.folder = folder
        before = Self.contents(of: path)
    }

    /// The state of a campaign, and copies of it.
    static let states = ["state", "state-1", "state-2", "state-3", "state-4"]

    /// All files below a folder.
    static func contents(of path: String) -> [String: String] {
        var found: [String: String] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: path) ?? .init() {
            var status = stat()
            guard unsafe lstat("\(path)/\(name)", &status) == 0 else { continue }
            let isFile = status.st_mode & S_IFMT == S_IFREG
            let data = isFile ? FileManager.default.contents(atPath: "\(path)/\(name)") : nil
            found[name] = "\(status.st_mode) " + (data.map { String(decoding: $0, as: UTF8.self) } ?? "")
        }
        // A lock file has the process id of its holder.
        for state in Self.states { found["\(state)/lock"] = nil }
        return found
    }

    var path: String { folder.path }
}
