import Foundation
import TestSupport
import Testing

/// The example plug-in, built with the command of its comment.
enum ExamplePlugin {
    /// Builds it, and replaces an existing file.
    ///
    /// - Parameter number: changes the bytes of the file, but not its behaviour
    static func build(_ path: String, _ number: Int = 0) throws {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let compiler = try TestProcess.run([
            "/usr/bin/env", "cc", "-shared", "-fPIC", "-O1", "-DNUMBER=\(number)", "-g\(number)",
            "-I\(package)/Sources/CBPFPatcher/include", "-o", path + ".new", "\(package)/Tests/Plugins/example.c",
        ])
        try #require(compiler.status == 0, "\(compiler)")
        unsafe rename(path + ".new", path)
    }
}
