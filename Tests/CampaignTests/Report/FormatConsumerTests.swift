import Foundation
import TestSupport
import Testing

@testable import Campaign

/// Reports read by the programs that they are for, and compared with schemas; `Tests/Formats/fetch` fetches both.
@Suite struct FormatConsumerTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(".build/formats").path
    static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }
    static let kunitPath = "linux/tools/testing/kunit/kunit.py"
    static let hasKunit = has(kunitPath)
    static let hasPython = has("python/lxml") && has("python/sarif") && has("junit-10.xsd")

    private func python(_ words: [String]) throws -> TestProcess.Outcome {
        var environment = ProcessInfo.processInfo.environment
        environment["PYTHONPATH"] = Self.folder + "/python"
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return try TestProcess.run(["/usr/bin/env", "python3"] + words, environment: environment)
    }

    private func kunit(_ text: String) throws -> TestProcess.Outcome {
        let folder = try Tool.Folder()
        return try python(["\(Self.folder)/\(Self.kunitPath)", "parse", try folder.write(text, to: "report.ktap")])
    }

    @Test(.enabled(if: hasKunit, "Tests/Formats/fetch was not run")) func kunitReadsKTAP() throws {
        let failed = try kunit(ReportFormat.ktap.text(MadeUpReport.report))
        #expect(failed.status == 1, "\(failed)")
        #expect(failed.output.contains("[FAILED] planted/wrong-landing/ja-backward/patch"), "\(failed.output)")
        #expect(failed.output.contains("[PASSED] engine"))
        // The parser counts a wrong plan or number as an error of the test.
        #expect(!failed.output.contains("[ERROR]"), "\(failed.output)")
        let totals = failed.output.firstMatch(of: #/Ran (\d+) tests: (.*)/#).map { String($0.2) }
        #expect(totals?.contains("failed: 3") == true && totals?.contains("skipped: 1") == true, "\(failed.output)")
        let clean = try kunit(ReportFormat.ktap.text(MadeUpReport.clean))
        #expect(clean.status == 0, "\(clean)")
        // A planted fault: the plan is wrong.
        let wrong = try kunit(ReportFormat.ktap.text(MadeUpReport.clean).replacing("1..1", with: "1..2"))
        #expect(wrong.output.contains("[ERROR]"), "\(wrong)")
    }

    private static let validation = """
        import sys
        from lxml import etree
        schema = etree.XMLSchema(etree.parse(sys.argv[1]))
        if not schema.validate(etree.parse(sys.argv[2])):
            sys.exit(str(schema.error_log))
        """

    private func schemaFault(_ text: String) throws -> String {
        let folder = try Tool.Folder()
        let file = try folder.write(text, to: "report.xml")
        return try python(["-c", Self.validation, Self.folder + "/junit-10.xsd", file]).errors
    }

    @Test(.enabled(if: hasPython, "Tests/Formats/fetch was not run")) func junitFollowsTheSchema() throws {
        for report in [MadeUpReport.report, MadeUpReport.clean] {
            #expect(try schemaFault(ReportFormat.junit.text(report)) == "")
        }
        let wrong = ReportFormat.junit.text(MadeUpReport.report).replacing("<failure ", with: "<failing ")
            .replacing("</failure>", with: "</failing>")
        #expect(try schemaFault(wrong).contains("failing"))
    }

    @Test(.enabled(if: hasPython, "Tests/Formats/fetch was not run")) func sarifToolsReadSARIF() throws {
        let folder = try Tool.Folder()
        let file = try folder.write(ReportFormat.sarif.text(MadeUpReport.report), to: "report.sarif")
        let summary = try python(["-m", "sarif", "summary", file])
        #expect(summary.status == 0 && summary.output.contains("error: 3"), "\(summary)")
        #expect(summary.output.contains("wrong-landing"), "\(summary)")
    }
}
