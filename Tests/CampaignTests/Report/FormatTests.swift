import Foundation
import FoundationXML
import Testing

@testable import Campaign

/// Each format of a report, for a report with every outcome.
@Suite struct FormatTests {
    private let report = MadeUpReport.report

    private func lines(_ format: ReportFormat, _ report: TestReport? = nil) -> [String] {
        format.text(report ?? self.report).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private func object(_ format: ReportFormat) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(format.text(report).utf8)) as? [String: Any])
    }

    // MARK: KTAP

    @Test func ktapHasOneLineForEachTest() {
        let results = lines(.ktap).filter { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
        #expect(
            results == [
                "ok 1 engine", "not ok 2 planted", "ok 3 kernel # XFAIL all findings are known",
                "ok 4 idle no. 2 # SKIP no pass is supported",
                "not ok 5 broken # ERROR line 3: <bad> & \"worse\"",
                "not ok 6 harness # ERROR one target was never run",
            ])
        #expect(lines(.ktap)[0] == "KTAP version 1" && lines(.ktap).contains("1..6"))
    }

    @Test func ktapHasFindingsAsSubtests() throws {
        let all = lines(.ktap)
        let start = try #require(all.firstIndex(of: "    1..2"))
        #expect(all[start - 1] == "    KTAP version 1")
        #expect(all.contains("    not ok 1 \(MadeUpReport.bucket)"))
        #expect(all.contains { $0.hasPrefix("    ok 2 kernel/") && $0.hasSuffix("# XFAIL known") })
        // A line of a detail must not look like a result.
        #expect(all.contains("    # second line ]]>"))
    }

    @Test func kselftestCountsAFailureOfTheHarnessAsSkipped() {
        var clean = MadeUpReport.clean
        clean.isKselftest = true
        #expect(lines(.ktap, clean).contains("# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0"))
        clean.failures = ["no right to load programs"]
        let skipped = lines(.ktap, clean)
        #expect(skipped.contains("ok 2 harness # SKIP no right to load programs"))
        #expect(skipped.contains("# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:1 error:0"))
        var failed = report
        failed.isKselftest = true
        #expect(lines(.ktap, failed).contains("# Totals: pass:1 fail:1 xfail:1 xpass:0 skip:1 error:2"))
    }

    // MARK: XML

    /// The elements of an XML text in order, with their attributes.
    private final class Elements: NSObject, XMLParserDelegate {
        var all: [(name: String, attributes: [String: String])] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) { all.append((name, attributes)) }
    }

    private func elements(_ text: String) throws -> [(name: String, attributes: [String: String])] {
        let parser = XMLParser(data: Data(text.utf8))
        let elements = Elements()
        parser.delegate = elements
        #expect(parser.parse(), "\(String(describing: parser.parserError)) at line \(parser.lineNumber)")
        return elements.all
    }

    @Test func junitCountsItsTests() throws {
        let all = try elements(ReportFormat.junit.text(report))
        let suite = try #require(all.first { $0.name == "testsuite" }).attributes
        let counts = ["testcase", "failure", "error", "skipped"].map { name in all.count { $0.name == name } }
        #expect(["tests", "failures", "errors", "skipped"].compactMap { Int(suite[$0] ?? "") } == counts)
        #expect(counts == [7, 1, 2, 3])
        #expect(suite["time"] == "12.346" && suite["timestamp"] == "2023-11-14T22:13:20")
        let failure = try #require(all.first { $0.name == "failure" }).attributes
        #expect(failure["type"] == MadeUpReport.bucket)
        let place = try #require(all.last { $0.name == "testcase" && $0.attributes["name"] == MadeUpReport.bucket })
        #expect(place.attributes["classname"] == "bpf-patch-fuzz.run.planted")
    }

    @Test func pageIsWellFormedAndLoadsNothing() throws {
        var report = report
        report.results[1].faults[0].picture = "<span class=\"w\">✗ wrong</span>\n"
        let text = ReportFormat.html.text(report)
        let all = try elements(text.replacing("<!DOCTYPE html>", with: ""))
        for name in ["script", "link", "img", "iframe", "object", "embed"] {
            #expect(!all.contains { $0.name == name }, "\(name)")
        }
        let references = all.flatMap { $0.attributes }.filter { ["src", "href", "action"].contains($0.key) }
        #expect(references.allSatisfy { $0.value.hasPrefix("#") })
        #expect(!text.contains("@import") && !text.contains("url("))
        #expect(text.contains("✗ wrong") && text.contains("50 % of #1, &lt;a&gt; &amp; &quot;b&quot;"))
        // A reader without a mouse can open and scroll everything.
        #expect(all.filter { $0.name == "pre" }.allSatisfy { $0.attributes["tabindex"] == "0" })
        #expect(all.count { $0.name == "details" } == all.count { $0.name == "summary" })
    }

    // MARK: JSON

    @Test func testProgsHasTheFailedTests() throws {
        let all = try object(.testProgs)
        #expect(all["success"] as? Int == 2 && all["skipped"] as? Int == 1 && all["failed"] as? Int == 3)
        #expect(all["success_subtest"] as? Int == 2)
        let results = try #require(all["results"] as? [[String: Any]])
        #expect(results.map { $0["name"] as? String } == ["planted", "broken", "harness"])
        #expect(results.map { $0["number"] as? Int } == [2, 5, 6])
        #expect(results.allSatisfy { $0["failed"] as? Bool == true && $0["message"] is String })
        let subtests = try #require(results[0]["subtests"] as? [[String: Any]])
        #expect(subtests.map { $0["name"] as? String } == [MadeUpReport.bucket])
        #expect((subtests[0]["message"] as? String)?.contains("repeat with: bpf-patch-fuzz replay") == true)
    }

    @Test func sarifHasBucketsAsFingerprints() throws {
        let all = try object(.sarif)
        #expect(all["version"] as? String == "2.1.0")
        let run = try #require((all["runs"] as? [[String: Any]])?.first)
        let results = try #require(run["results"] as? [[String: Any]])
        let prints = results.map { ($0["partialFingerprints"] as? [String: String])?["bucket/v1"] }
        #expect(
            prints == [MadeUpReport.fault.bucket, MadeUpReport.kernelFault.bucket, MadeUpReport.kernelFault.bucket])
        #expect(results.map { $0["suppressions"] != nil } == [false, true, true])
        let locations = results.compactMap { ($0["locations"] as? [[String: Any]])?.first }
        let uris = locations.map { location -> String? in
            let physical = location["physicalLocation"] as? [String: Any]
            return (physical?["artifactLocation"] as? [String: Any])?["uri"] as? String
        }
        // The path is one relative reference; a kernel finding without a file names the kernel's source.
        #expect(uris[0] == "crashes%20dir/100%25%3A%20a,b.case" && uris[1] == "kernel/bpf/verifier.c")
        let logical = try #require((locations[1]["logicalLocations"] as? [[String: Any]])?.first)
        #expect(logical["name"] as? String == "verifier_remove_insns")
        let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
        let rules = try #require(driver["rules"] as? [[String: Any]])
        for result in results {
            let number = try #require(result["ruleIndex"] as? Int)
            #expect(rules[number]["id"] as? String == result["ruleId"] as? String)
        }
        let invocation = try #require((run["invocations"] as? [[String: Any]])?.first)
        #expect(invocation["executionSuccessful"] as? Bool == false)
    }

    @Test func jsonIsTheObjectOfTheCommand() { #expect(ReportFormat.json.text(report) == "{\"seed\":3}\n") }

    // MARK: Lines

    /// Reads the command as a runner does, so that a wrong escape changes the values.
    private func command(_ line: String) throws -> (name: String, properties: [String: String], text: String) {
        let match = try #require(try #/::([a-z]+) ?([^:]*)::(.*)/#.wholeMatch(in: line))
        func decoded(_ text: some StringProtocol) -> String { text.removingPercentEncoding ?? "" }
        let pairs = match.2.split(separator: ",").map { pair -> (String, String) in
            let parts = pair.split(separator: "=", maxSplits: 1)
            return (String(parts[0]), decoded(parts[1]))
        }
        return (String(match.1), Dictionary(uniqueKeysWithValues: pairs), decoded(match.3))
    }

    @Test func githubEscapesItsCommands() throws {
        let all = lines(.github)
        let error = try command(try #require(all.first { $0.hasPrefix("::error") }))
        #expect(error.properties["file"] == MadeUpReport.fault.file && error.properties["title"] == MadeUpReport.bucket)
        #expect(error.text.contains(MadeUpReport.special))
        #expect(all.count { $0.hasPrefix("::group::") } == all.count { $0 == "::endgroup::" })
        #expect(all.count { $0.hasPrefix("::error") } == 3 && all.count { $0.hasPrefix("::notice") } == 3)
    }

    @Test func mailFits72Columns() throws {
        let all = lines(.mail)
        for line in all where !line.hasPrefix("    ") { #expect(line.count <= 72, "\(line)") }
        #expect(all[0].hasPrefix("Subject: planted: a backward goto"))
        #expect(all.contains("    bpf-patch-fuzz replay 'crashes dir/100%: a,b.case'"))
        #expect(all.contains("    " + String(repeating: "x", count: 100)))
        #expect(all.contains("2 known buckets not described here."))
        #expect(lines(.mail, MadeUpReport.clean)[0] == "Subject: bpf-patch-fuzz run: no new findings")
    }
}

/// The table of formats in the README.
@Suite struct FormatGuideTests {
    @Test func readmeHasEveryFormat() throws {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        for format in ReportFormat.allCases {
            #expect(text.contains("| `\(format.rawValue)` | \(format.summary) |\n"), "\(format)")
        }
    }
}
