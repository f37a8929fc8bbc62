import Foundation

/// A report in the JSON that `test_progs -J` of the BPF selftests writes. As there, only failed tests are listed.
///
/// - Source: Linux 6.12, `tools/testing/selftests/bpf/test_progs.c`, `calculate_summary_and_print_errors` and
///   `dump_test_log`
enum TestProgsText {
    private struct Summary: Encodable {
        var success: Int
        var successSubtest: Int
        var skipped: Int
        var failed: Int
        var results: [Test]

        enum CodingKeys: String, CodingKey {
            case success, skipped, failed, results
            case successSubtest = "success_subtest"
        }
    }

    private struct Test: Encodable {
        var name: String
        var number: Int
        var message: String
        var failed = true
        var subtests: [Subtest]
    }

    private struct Subtest: Encodable {
        var name: String
        var number: Int
        var message: String
        var failed = true
    }

    static func text(_ report: TestReport) -> String {
        var tests: [Test] = []
        for (number, result) in report.results.enumerated()
        where result.outcome == .failed || result.outcome == .error {
            let subtests = result.faults.enumerated().filter { !$0.element.isKnown }.map { place, fault in
                Subtest(name: fault.name, number: place + 1, message: message(fault))
            }
            tests.append(
                Test(name: result.name, number: number + 1, message: result.error ?? "", subtests: subtests))
        }
        if !report.failures.isEmpty {
            let message = report.failures.joined(separator: "\n") + "\n"
            tests.append(Test(name: "harness", number: report.results.count + 1, message: message, subtests: []))
        }
        let summary = Summary(
            success: report.count(.passed) + report.count(.known),
            successSubtest: report.faults.count { $0.isKnown },
            skipped: report.count(.skipped), failed: tests.count, results: tests)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return ((try? encoder.encode(summary)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
    }

    private static func message(_ fault: TestFault) -> String {
        [
            fault.text, fault.file.map { "case: \($0)" }, fault.since.map { "first at \($0)" },
            fault.repeating.map { "repeat with: \($0)" },
        ].compactMap { $0 }.map { $0 + "\n" }.joined()
    }
}
