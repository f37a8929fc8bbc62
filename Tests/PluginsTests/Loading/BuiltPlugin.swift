import Foundation
import Plugins
import TestSupport

/// A plug-in that a test compiles from C, in a temporary folder.
final class BuiltPlugin {
    typealias Outcome = TestProcess.Outcome

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

    private let files: TestFolder
    var folder: String { files.path }
    var path: String { folder + "/plugin.so" }

    /// Compiles files.
    init(_ files: [String], flags: [String] = []) throws {
        self.files = try TestFolder()
        try compile(files, flags)
    }

    /// Compiles a text.
    convenience init(text: String, flags: [String] = []) throws {
        try self.init([], flags: flags)
        try compile([files.write(text, to: "plugin.c")], flags)
    }

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
        try run(TestProcess.tool, arguments, input: input)
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], input: String = "") throws -> Outcome {
        try TestProcess.run([program] + arguments, input: input)
    }
}
