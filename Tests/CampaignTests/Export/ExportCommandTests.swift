import BPF
import Foundation
import Fuzzing
import TestSupport
import Testing

@testable import Campaign

/// `export` to JSON and assembler text, and its refusals.
@Suite struct ExportCommandTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static let cases: [Case] = ["Seeds", "Crashes"].flatMap { folder in
        CaseSource.items([root.appendingPathComponent(folder).path]).compactMap { try? $0.content.get() }
    }

    /// The texts are read back to the same case.
    @Test func exportedCasesAreReadBack() throws {
        #expect(Self.cases.count > 100)
        for c in Self.cases where c.program.fault() == nil {
            let text = try ExportFormat.asm.text(of: c, file: "f", name: "n")
            #expect(try Program(text) == c.program, "\(c.name)")
            if !c.passes.isEmpty { #expect(text.contains("\n# pass\n"), "\(text)") }
            let line = try ExportFormat.json.text(of: c, file: "f", name: "n")
            let back = try ScriptLine.parse(String(line.dropLast()), file: "f", number: 1)
            #expect(back.program == c.program && back.passes == c.withPlaceholdersCleared().passes, "\(c.name)")
            let history = try CaseHistory(c)
            if c.loading == nil { #expect(back.expected?.agrees(with: history.outcome(of: c)) == true, "\(c.name)") }
        }
    }

    /// All seeds with a pass have a C program, except those with malformed edits.
    @Test func seedsHavePrograms() throws {
        var refusals: [String] = []
        for c in Self.cases where c.program.fault() == nil {
            do { _ = try ExportFormat.c.text(of: c, file: "f", name: "n") } catch { refusals.append("\(error)") }
        }
        #expect(refusals.allSatisfy { $0.contains("malformed") || $0.contains("has no pass") }, "\(refusals)")
        #expect(refusals.count < Self.cases.count / 4, "\(refusals)")
    }

    @Test(arguments: [
        ("c", "program\n  exit\n", "has no C program: it has no pass"),
        ("c", "program\n  exit\npass\n  delete 5\n", "has no C program: pass 1 is malformed"),
        ("selftest", "program\n  exit\npass\n", "it was not found in a kernel"),
        ("asm", "program\n  goto +5\n  exit\npass\n", "the program is ill formed"),
    ])
    func refusalHasItsReason(format: String, text: String, reason: String) throws {
        let folder = try Tool.Folder()
        let file = try folder.write(text, to: "a.case")
        let run = try Tool.run(["export", file, "--format", format])
        #expect(run.status == 1 && run.output.isEmpty && run.errors.contains(reason), "\(run)")
    }
}
