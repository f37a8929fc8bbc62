import Foundation
import Testing

/// The pictures of the README equal the output of the commands.
@Suite struct ReadmeSampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The fenced block that begins with some words.
    private static func block(_ start: String) throws -> String {
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let from = try #require(readme.range(of: "\n```\n" + start))
        let rest = readme[from.lowerBound...].dropFirst("\n```\n".count)
        let end = try #require(rest.range(of: "\n```"))
        return String(rest[..<end.lowerBound])
    }

    private static func show(_ file: String) throws -> String {
        let words = ["COLUMNS=98", Tool.executable.path, "show", file]
        return try Tool.run(words, program: URL(fileURLWithPath: "/usr/bin/env")).output
    }

    @Test func kernelFaultIsDrawnAsInTheReadme() throws {
        let block = try Self.block("── kernel 6.18.44")
        let file = Self.root.appendingPathComponent("Crashes/kernel--wrong-landing--call-backward--none.case")
        let output = try Self.show(file.path)
        #expect(output.contains("\n\(block)\n"), "\(output)")
    }

    @Test func plantedFaultIsDrawnAsInTheReadme() throws {
        let folder = try Tool.Folder()
        let crashes = folder.path + "/crashes"
        let run = try Tool.run([
            "run", "--seed", "3", "--cases", "3000", "--patcher", "planted-back-jump", "--crashes", crashes,
        ])
        #expect(run.status == 77, "\(run.errors)")
        let output = try Self.show("\(crashes)/planted-back-jump--wrong-landing--may-goto-backward--patch.case")
        let block = try Self.block("seed 3, index 209\n")
        #expect(output.hasPrefix(block), "\(output)")
    }
}
