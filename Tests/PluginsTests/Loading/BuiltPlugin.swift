import Foundation
import Plugins

/// A plug-in that a test compiles from C. Its folder is removed in `deinit`.
final class BuiltPlugin {
    /// The result of a finished program.
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    /// A compile error.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The root of the package.
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// The example, and the index map in C, which has every capability.
    static let example = ["\(package)/Tests/Plugins/example.c"]
    static let indexMap = ["index_map", "lines", "plugin"].map {
        "\(package)/Tests/Benchmarks/Sources/CIndexMap/\($0).c"
    }

    let folder = NSTemporaryDirectory() + "bpf-patch-fuzz-plugin-\(UUID().uuidString)"
    var path: String { folder + "/plugin.so" }

    /// Compiles files.
    init(_ files: [String], flags: [String] = []) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try compile(files, flags)
    }

    /// Compiles a text.
    convenience init(text: String, flags: [String] = []) throws {
        try self.init([], flags: flags)
        let file = folder + "/plugin.c"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try compile([file], flags)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func compile(_ files: [String], _ flags: [String]) throws {
        if files.isEmpty { return }
        let words =
            ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", path]
            + ["Sources/CBPFPatcher/include", "Tests/Plugins", "Tests/Benchmarks/Sources/CIndexMap/include"].map {
                "-I\(BuiltPlugin.package)/\($0)"
            } + flags + files
        let outcome = try BuiltPlugin.run("/usr/bin/env", words)
        if outcome.status != 0 { throw Failure(description: outcome.errors) }
    }

    /// Loads the plug-in.
    func load() throws -> Plugin { try Plugin(path: path) }

    /// Runs the built command line tool.
    static func runTool(_ arguments: [String], input: String = "") throws -> Outcome {
        let tool = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("bpf-patch-fuzz").path
        return try run(tool, arguments, input: input)
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], input: String = "") throws -> Outcome {
        let folder = NSTemporaryDirectory() + "bpf-patch-fuzz-run-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = ["input", "output", "errors"].map { "\(folder)/\($0)" }
        for file in files { try Data(input.utf8).write(to: URL(fileURLWithPath: file)) }
        for file in files.dropFirst() { try Data().write(to: URL(fileURLWithPath: file)) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle(forReadingAtPath: files[0])
        process.standardOutput = FileHandle(forWritingAtPath: files[1])
        process.standardError = FileHandle(forWritingAtPath: files[2])
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOfFile: files[1], encoding: .utf8),
            errors: try String(contentsOfFile: files[2], encoding: .utf8))
    }
}
