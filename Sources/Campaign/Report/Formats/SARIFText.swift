import Foundation
import Fuzzing

/// A report in the Static Analysis Results Interchange Format.
///
/// The fingerprint of a result is its bucket. Its location is the case file; for a kernel also the function that makes
/// the edit. Known findings are suppressed.
///
/// - Source: SARIF 2.1.0, OASIS standard of 2020
enum SARIFText {
    static func text(_ report: TestReport) -> String {
        let found = Set(report.faults.map(ruleName))
        let rules = (BucketGuide.rules.map { Rule($0.word, $0.meaning) } + [Rule(expectation, expectationWords)])
            .filter { found.contains($0.id) }
        let results = report.results.flatMap { result in result.faults.map { Result($0, rules, in: result) } }
        let notes =
            report.failures.map { Notification(level: "error", message: Message($0)) }
            + report.results.compactMap(\.error).map { Notification(level: "error", message: Message($0)) }
        let run = Run(
            tool: Tool(driver: Driver(rules: rules)),
            invocations: [
                Invocation(
                    commandLine: report.repeating, executionSuccessful: notes.isEmpty,
                    startTimeUtc: report.began.ISO8601Format(),
                    endTimeUtc: report.began.addingTimeInterval(report.seconds).ISO8601Format(),
                    toolExecutionNotifications: notes)
            ],
            results: results, properties: ["summary": report.summary])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return ((try? encoder.encode(Log(runs: [run]))).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
    }

    /// The rule of a finding without a bucket.
    private static let expectation = "expectation"
    private static let expectationWords = "the expectation in a file differs from the correct result"

    private static func ruleName(_ fault: TestFault) -> String {
        fault.bucket.flatMap { Bucket.rule(of: $0)?.rawValue } ?? expectation
    }

    private struct Log: Encodable {
        var schema = "https://json.schemastore.org/sarif-2.1.0.json"
        var version = "2.1.0"
        var runs: [Run]

        enum CodingKeys: String, CodingKey {
            case version, runs
            case schema = "$schema"
        }
    }

    private struct Run: Encodable {
        var tool: Tool
        var invocations: [Invocation]
        var results: [Result]
        var properties: [String: String]
    }

    private struct Tool: Encodable { var driver: Driver }

    private struct Driver: Encodable {
        var name = "bpf-patch-fuzz"
        var semanticVersion = Version.number
        var version = Version.text
        var rules: [Rule]
    }

    private struct Rule: Encodable {
        var id: String
        var shortDescription: Message

        init(_ id: String, _ words: String) {
            self.id = id
            shortDescription = Message(words)
        }
    }

    private struct Message: Encodable {
        var text: String
        init(_ text: String) { self.text = text }
    }

    private struct Invocation: Encodable {
        var commandLine: String?
        var executionSuccessful: Bool
        var startTimeUtc: String
        var endTimeUtc: String
        var toolExecutionNotifications: [Notification]
    }

    private struct Notification: Encodable {
        var level: String
        var message: Message
    }

    private struct Result: Encodable {
        var ruleId: String
        var ruleIndex: Int?
        var level = "error"
        var message: Message
        var locations: [Location]
        var partialFingerprints: [String: String]
        var suppressions: [Suppression]?
        var properties: [String: String]

        init(_ fault: TestFault, _ rules: [Rule], in result: TestResult) {
            ruleId = ruleName(fault)
            ruleIndex = rules.firstIndex { [ruleId] in $0.id == ruleId }
            message = Message(
                [fault.text, fault.since.map { "First at \($0)." }, fault.repeating.map { "Repeat with: \($0)" }]
                    .compactMap { $0 }.joined(separator: "\n"))
            let place = fault.bucket.flatMap(KernelFunction.place(ofBucket:))
            let uri = fault.file.map(SARIFText.uri) ?? place?.file
            locations = [
                Location(
                    physicalLocation: uri.map { Physical(artifactLocation: Artifact(uri: $0), region: Region()) },
                    logicalLocations: [
                        Logical(name: place?.function ?? result.name, kind: place == nil ? "module" : "function")
                    ])
            ]
            partialFingerprints = ["bucket/v1": fault.name]
            suppressions = fault.isKnown ? [Suppression()] : nil
            properties = ["target": fault.target, "bucket": fault.name]
        }
    }

    private struct Location: Encodable {
        var physicalLocation: Physical?
        var logicalLocations: [Logical]
    }

    private struct Physical: Encodable {
        var artifactLocation: Artifact
        var region: Region
    }

    private struct Artifact: Encodable { var uri: String }
    private struct Region: Encodable { var startLine = 1 }

    private struct Logical: Encodable {
        var name: String
        var kind: String
    }

    private struct Suppression: Encodable {
        var kind = "external"
        var justification = "in the list of known buckets"
    }

    /// A path as a URI: relative paths stay relative.
    private static func uri(_ path: String) -> String {
        let text = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
        // A colon in the first part of a relative path would look like a scheme.
        return path.hasPrefix("/") ? "file://" + text : text.replacing(":", with: "%3A")
    }
}
