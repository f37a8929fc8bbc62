import Foundation
import Fuzzing
import KernelRewrites
import Testing

@Suite("The table of known faults")
struct KnownFaultTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test(
        "is what the pages say",
        arguments: [
            ("README.md", "readme", KnownFault.readme), ("Crashes/README.md", "crashes", KnownFault.crashes),
            ("Sources/KernelRewrites/KernelRewrites.docc/KernelRules.md", "article", KnownFault.article),
        ]) func pages(_ path: String, name: String, table: String) throws
    {
        #expect(try Self.text(path).contains("\n\(table)\n"), "put KnownFault.\(name) into \(path):\n\(table)")
    }

    @Test("is what the lists for --known say", arguments: KnownFault.Series.allCases)
    func lists(_ series: KnownFault.Series) throws {
        let list = KnownFault.list(of: series)
        #expect(try Self.text("Crashes/known-\(series.rawValue).txt") == list, "\(list)")
    }

    @Test(
        "has exact buckets, with a sentence and a series each, and cases that are there",
        arguments: KnownFault.all.indices)
    func faults(_ number: Int) throws {
        let fault = KnownFault.all[number]
        #expect(!fault.sentence.hasSuffix(".") && fault.source.contains(".c: "))
        #expect(!fault.buckets.isEmpty)
        for (bucket, series) in fault.buckets {
            #expect(!bucket.contains("*") && Bucket.rule(of: bucket) != nil && !series.isEmpty, "\(bucket)")
        }
        for name in fault.cases {
            let text = try Self.text("Crashes/\(name).case")
            #expect(fault.buckets.contains { text.contains("\nbucket: \($0.bucket)\n") }, "\(name)")
        }
    }
}
