import Foundation
import Fuzzing
import Testing

@testable import Campaign

/// The form of checkpoints, lists of known buckets, and statistics.
@Suite struct CheckpointTests {
    private static let full = Checkpoint(
        parts: [
            Checkpoint.Part(
                arguments: ["--seed", "18446744073709551615", "--objects", "/a b/\"c\"\n.o"], seed: .max,
                shard: .whole, cases: .max - 1, seconds: 0.1 + 0.2, jobs: 3, isFinished: true,
                files: [UsedFile(path: "/a b/\"c\"\n.o", size: .max, fingerprint: "0123456789abcdef")])
        ],
        known: "/k", next: .max / 128,
        tail: Checkpoint.Tail(block: 9, cases: 5, sightings: [Sighting(bucket: "a/b", index: 7, count: 2)]),
        entries: [
            Checkpoint.Entry(
                bucket: "a/b/c", firsts: [FirstSighting(seed: .max, index: .max)], sightings: .max, isStored: true)
        ],
        strays: [Checkpoint.Stray(bucket: "a/ä", index: 1, text: "two\nlines", isStored: false)],
        early: [EarlyHit(bucket: "x/y", index: 3)],
        times: Checkpoint.Times(start: 1, lastFind: 2, lastCrash: 3, lastHang: 4))

    @Test func formIsReadBack() throws {
        #expect(try Checkpoint.parse(Self.full.print()) == Self.full)
    }

    /// No shorter file is a checkpoint, and none with another byte.
    @Test func everyDamageIsSeen() throws {
        let bytes = try Self.full.print()
        for count in 0..<bytes.count {
            #expect(throws: Checkpoint.Fault.damage) { try Checkpoint.parse(bytes.prefix(count)) }
        }
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 4
            #expect(throws: Checkpoint.Fault.self, "byte \(place)") { try Checkpoint.parse(changed) }
        }
        #expect(throws: Checkpoint.Fault.damage) { try Checkpoint.parse(bytes + bytes) }
    }

    @Test func formatComesBeforeAllElse() {
        #expect(throws: Checkpoint.Fault.format("7")) {
            try Checkpoint.parse(Data("bpf-patch-fuzz checkpoint 7\nwhatever".utf8))
        }
    }

    /// - Source: the test vectors of Noll's page on FNV
    @Test(arguments: [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")])
    func fingerprintIsFNV1a(_ text: String, _ digits: String) {
        #expect(Fingerprint(Data(text.utf8)).description == digits)
    }

    @Test func knownBucketsAreNamesAndPatterns() {
        let known = KnownBuckets("a/b/c\n  d/*  # d\n#e/*\r\nf/?/[gh]\n\n*i*\n")
        for bucket in ["a/b/c", "d/x", "d/x/y/z", "f/1/g", "xix"] { #expect(known.contains(bucket), "\(bucket)") }
        for bucket in ["a/b", "a/b/c/d", "d", "e/x", "f/12/g", "f/1/j", ""] {
            #expect(!known.contains(bucket), "\(bucket)")
        }
        #expect(!KnownBuckets().contains("a"))
    }

    /// Rows that a killed campaign wrote after its last checkpoint, or half, are left out.
    @Test func plotGoesOnFromTheCheckpoint() {
        let text = CampaignStatistics.plotHeader + "5, 0, 1\n10, 0, 2\n15, 0, 3\n1"
        #expect(CampaignStatistics.plot(text, until: 12.9) == CampaignStatistics.plotHeader + "5, 0, 1\n10, 0, 2\n")
        #expect(CampaignStatistics.lastTime(ofPlot: CampaignStatistics.plot(text, until: 12.9)) == 10)
        #expect(CampaignStatistics.lastTime(ofPlot: CampaignStatistics.plotHeader) == nil)
        #expect(CampaignStatistics.plot("", until: 1) == CampaignStatistics.plotHeader)
    }
}
