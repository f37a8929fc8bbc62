import Foundation
import TestSupport
import Testing

/// The example plug-in, built with the command of its comment.
enum ExamplePlugin {
    /// Builds it, and replaces an existing file.
    ///
    /// - Parameters:
    ///   - number: changes the bytes of the file, but not its behaviour
    ///   - change: a text of its source, and the text that replaces it
    static func build(_ path: String, _ number: Int = 0, replacing change: (String, String)? = nil) throws {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        var source = "\(package)/Tests/Plugins/example.c"
        if let change {
            let text = try String(contentsOfFile: source, encoding: .utf8)
            try #require(text.contains(change.0))
            source = path + ".c"
            try text.replacing(change.0, with: change.1).write(toFile: source, atomically: true, encoding: .utf8)
        }
        let compiler = try TestProcess.run([
            "/usr/bin/env", "cc", "-shared", "-fPIC", "-O1", "-DNUMBER=\(number)", "-g\(number)",
            "-I\(package)/Sources/CBPFPatcher/include", "-o", path + ".new", source,
        ])
        try #require(compiler.status == 0, "\(compiler)")
        unsafe rename(path + ".new", path)
    }
}
