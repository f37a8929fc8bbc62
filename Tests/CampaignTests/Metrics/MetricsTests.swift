import Foundation
import SystemPackage
import TestSupport
import Testing
import UserFiles

@testable import Campaign

/// The metrics of a campaign: their text, their rates and their server.
struct MetricsTests {
    private static var snapshot: CampaignSnapshot {
        var snapshot = CampaignSnapshot()
        (snapshot.command, snapshot.seed) = ("run", 3)
        snapshot.targets = [
            CampaignSnapshot.Target(name: "engine", ran: 900, skipped: 7, deaths: 0),
            CampaignSnapshot.Target(name: "a\"b\\c\nd", ran: 800, skipped: 0, deaths: 2),
        ]
        snapshot.buckets = ["engine/crash/x/none", "engine/hang/none/none", "oracle/layout/ja/delete"].enumerated().map
        {
            CampaignSnapshot.Bucket(name: $1, hits: 1, isKnown: $0 == 1)
        }
        snapshot.refused = CampaignSnapshot.Share(part: 63, all: 1000, noun: "case")
        (snapshot.running, snapshot.jobs, snapshot.restarts, snapshot.memory) = (2, 2, 1, 31 << 20)
        return snapshot
    }

    private static var rates: MetricsRates {
        var rates = MetricsRates()
        rates.add(seconds: 1, cases: 500, targets: [400, 400])
        rates.add(seconds: 3, cases: 1000, targets: [900, 800])
        return rates
    }

    @Test func textHasEachMetricWithHelpAndType() {
        let lines = MetricsText(Self.snapshot, Self.rates).text.split(separator: "\n").map(String.init)
        let values = lines.filter { !$0.hasPrefix("#") }
        #expect(
            values == [
                #"bpf_patch_fuzz_info{command="run",seed="3",version="\#(Version.text)"} 1"#,
                "bpf_patch_fuzz_cases_total 1000", "bpf_patch_fuzz_cases_per_second 250",
                "bpf_patch_fuzz_seconds_total 3",
                #"bpf_patch_fuzz_target_cases_total{target="engine"} 900"#,
                #"bpf_patch_fuzz_target_cases_total{target="a\"b\\c\nd"} 800"#,
                #"bpf_patch_fuzz_target_cases_per_second{target="engine"} 250"#,
                #"bpf_patch_fuzz_target_cases_per_second{target="a\"b\\c\nd"} 200"#,
                #"bpf_patch_fuzz_findings_total{target="engine",known="false"} 1"#,
                #"bpf_patch_fuzz_findings_total{target="engine",known="true"} 1"#,
                #"bpf_patch_fuzz_findings_total{target="a\"b\\c\nd",known="false"} 0"#,
                #"bpf_patch_fuzz_findings_total{target="a\"b\\c\nd",known="true"} 0"#,
                #"bpf_patch_fuzz_findings_total{target="oracle",known="false"} 1"#,
                #"bpf_patch_fuzz_findings_total{target="oracle",known="true"} 0"#,
                #"bpf_patch_fuzz_target_skipped_total{target="engine"} 7"#,
                #"bpf_patch_fuzz_target_skipped_total{target="a\"b\\c\nd"} 0"#,
                #"bpf_patch_fuzz_target_deaths_total{target="engine"} 0"#,
                #"bpf_patch_fuzz_target_deaths_total{target="a\"b\\c\nd"} 2"#,
                "bpf_patch_fuzz_refused_total 63", "bpf_patch_fuzz_workers 2", "bpf_patch_fuzz_worker_restarts_total 1",
                "bpf_patch_fuzz_memory_bytes \(31 << 20)",
            ])
        let types = lines.filter { $0.hasPrefix("# TYPE ") }
        #expect(types.count == lines.count { $0.hasPrefix("# HELP ") } && Set(types).count == types.count)
        for line in types { #expect(line.hasSuffix(line.contains("_total ") ? " counter" : " gauge"), "\(line)") }
    }

    /// The parser of Prometheus's own client reads the text.
    @Test(
        .enabled(
            if: FormatConsumerTests.has("python/prometheus_client"), "Tests/Formats/fetch was not run"))
    func prometheusClientReadsTheText() throws {
        let folder = try Tool.Folder()
        let file = try folder.write(MetricsText(Self.snapshot, Self.rates).text, to: "metrics")
        let program = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families
            for family in text_string_to_metric_families(open(sys.argv[1]).read()):
                print(family.name, family.type, float(sum(sample.value for sample in family.samples)))
                if family.name == "bpf_patch_fuzz_target_cases": print(repr(family.samples[1].labels["target"]))
            """
        var environment = ProcessInfo.processInfo.environment
        environment["PYTHONPATH"] = FormatConsumerTests.folder + "/python"
        let run = try TestProcess.run(["/usr/bin/env", "python3", "-c", program, file], environment: environment)
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(run.output.contains("bpf_patch_fuzz_cases counter 1000.0\n"), "\(run.output)")
        #expect(run.output.contains("bpf_patch_fuzz_findings counter 3.0\n"), "\(run.output)")
        #expect(run.output.contains("'a\"b\\\\c\\nd'\n"), "\(run.output)")
    }

    @Test func ratesAreOverTheLastSeconds() {
        var rates = MetricsRates()
        #expect(rates.perSecond == 0 && rates.targetsPerSecond == [])
        // Slow at first: 10 a second; then 1,000 a second for longer than the span.
        rates.add(seconds: 0, cases: 0, targets: [0])
        rates.add(seconds: 100, cases: 1000, targets: [500])
        #expect(rates.perSecond == 10 && rates.targetsPerSecond == [5])
        for second in 1...30 {
            rates.add(seconds: 100 + Double(second), cases: 1000 + UInt64(second) * 1000, targets: [500])
        }
        #expect(rates.perSecond == 1000 && rates.targetsPerSecond == [0] && rates.cases == 31_000)
    }

    private static let requests: [(request: String, status: String)] = [
        ("GET /metrics HTTP/1.1", "200 OK"), ("GET /metrics?x=1 HTTP/1.0", "200 OK"),
        ("GET / HTTP/1.1", "404 Not Found"), ("GET /metricsx HTTP/1.1", "404 Not Found"),
        ("POST /metrics HTTP/1.1", "405 Method Not Allowed"), ("GET /metrics", "400 Bad Request"),
        ("hello", "400 Bad Request"),
    ]

    @Test(arguments: requests.indices) func requestsAreAnswered(_ number: Int) throws {
        let (request, status) = Self.requests[number]
        let server = try MetricsServer(port: 0)
        server.update(Self.snapshot, seconds: 2, cases: 1000)
        let response = server.response(to: request)
        #expect(response.hasPrefix("HTTP/1.1 \(status)\r\n"), "\(response)")
        let parts = response.split(separator: "\r\n\r\n", maxSplits: 1)
        #expect(response.contains("\r\nContent-Length: \(parts[1].utf8.count)\r\n"))
        #expect(parts[1].contains("bpf_patch_fuzz_cases_total 1000\n") == (status == "200 OK"))
    }

    @Test func aPortIsTakenOnce() throws {
        let server = try MetricsServer(port: 0)
        let port = try #require(server.address.firstMatch(of: #/:([0-9]+)\//#).flatMap { UInt16($0.1) })
        let error = try #require(throws: CampaignError.self) { try MetricsServer(port: port) }
        #expect(error.description.contains("port \(port) of 127.0.0.1") && error.description.contains("another port"))
    }
}
