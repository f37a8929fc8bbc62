import Foundation
import TestSupport
import Testing

/// The example plug-in with one changed line, and exported C programs, built with the system's compiler.
enum ExportedProgram {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// Builds the example plug-in, after a replacement in its text.
    static func plugin(in folder: Tool.Folder, _ name: String, replacing old: String = "", by new: String = "") throws
        -> String
    {
        let text = try String(contentsOfFile: root + "/Tests/Plugins/example.c", encoding: .utf8)
        if !old.isEmpty { try #require(text.contains(old)) }
        let source = try folder.write(old.isEmpty ? text : text.replacing(old, with: new), to: name + ".c")
        return try compiled(
            ["-shared", "-fPIC", "-I\(root)/Sources/CBPFPatcher/include", source], in: folder, name + ".so")
    }

    /// Builds one of the misbehaving plug-ins.
    static func misbehaving(in folder: Tool.Folder, fault: String) throws -> String {
        try compiled(
            [
                "-shared", "-fPIC", "-DFAULT=\(fault)", "-I\(root)/Sources/CBPFPatcher/include",
                root + "/Tests/Plugins/misbehaving.c",
            ], in: folder, fault + ".so")
    }

    /// Compiles an exported C program; a warning is an error.
    static func compiled(_ words: [String], in folder: Tool.Folder, _ name: String) throws -> String {
        let path = folder.path + "/" + name
        let run = try TestProcess.run(["/usr/bin/env", "cc", "-O1"] + words + ["-o", path, "-ldl"])
        try #require(run.status == 0, "\(run.errors)")
        return path
    }

    /// Exports a case file as a C program, and compiles it.
    static func program(of file: String, in folder: Tool.Folder, _ words: [String] = []) throws -> String {
        let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        let run = try Tool.run(["export", file, "--format", "c", "-o", "\(folder.path)/\(name).c"])
        try #require(run.status == 0, "\(run.errors)")
        return try compiled(
            ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "\(folder.path)/\(name).c"] + words, in: folder, name)
    }

    static func run(_ program: String, _ words: [String] = []) throws -> TestProcess.Outcome {
        try TestProcess.run([program] + words)
    }
}
