import Foundation
import Testing

@testable import Campaign

/// Lists of mutants that cannot be told from the unchanged code.
@Suite struct EquivalentMutantsTests {
    private static let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Crashes")
        .appendingPathComponent("equivalents-6.12.txt").path

    /// Each line of the shipped list has a digest of its own, and a reason.
    @Test func shippedListIsReadable() throws {
        let list = try EquivalentMutants(path: Self.shipped)
        let lines = try String(contentsOfFile: Self.shipped, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
        #expect(lines.count > 100)
        // No mutant is given, so that all are unused.
        #expect(list.unused(by: [])?.contains("\(lines.count) lines") == true)
    }

    @Test(arguments: [
        "f: a => b", "f: a => b # ", "f: 0123456789abcde # short", "f: 0123456789abcdeg # no digest",
        "0123456789abcdef # without a function", "f # nothing",
    ]) func wrongLinesAreRefused(_ line: String) throws {
        let folder = try Tool.Folder()
        let file = try folder.write("# comment\n\(line)\n", to: "list")
        #expect(throws: CampaignError.self) { try EquivalentMutants(path: file) }
    }
}
