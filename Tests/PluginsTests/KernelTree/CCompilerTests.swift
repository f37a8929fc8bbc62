import Foundation
import Testing
import UserFiles

@testable import Plugins

/// Errors of missing or broken compilers.
@Suite struct CCompilerTests {
    private static let commands: [(command: String, message: String)] = [
        ("no-such-compiler", "no-such-compiler: cannot be started"),
        ("false --really", "false --really: cannot compile: it fails"),
    ]

    @Test(arguments: commands.indices) func errorNamesTheCompiler(number: Int) throws {
        let (command, message) = CCompilerTests.commands[number]
        let folder = try TemporaryFolder.make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let compiler = try CCompiler(environment: ["CC": command])
        do {
            _ = try compiler.makeLibrary(
                "\(folder)/a.so", of: "\(folder)/a.c", folder: folder, directory: folder, sanitizers: [])
            Issue.record("\(command) compiles")
        } catch { #expect(error.description.hasPrefix(message), "\(error)") }
    }

    @Test func missingCompilerIsAnError() {
        #expect(throws: PluginError.self) { try CCompiler(environment: ["PATH": "/nowhere"]) }
    }
}
