import Foundation
import Testing

/// The plug-in to start from, built as its comment says.
enum ExamplePlugin {
    /// Builds it and puts it in the place of what is there.
    ///
    /// - Parameter number: what its bytes depend on, though not what it does
    static func build(_ path: String, _ number: Int = 0) throws {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "cc", "-shared", "-fPIC", "-O1", "-DNUMBER=\(number)", "-g\(number)",
            "-I\(package)/Sources/CBPFPatcher/include", "-o", path + ".new", "\(package)/Tests/Plugins/example.c",
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        unsafe rename(path + ".new", path)
    }
}
