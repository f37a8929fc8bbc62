import Foundation
import Fuzzing
import Testing

@testable import Campaign

/// The formats of checkpoints, lists of known buckets, and statistics.
@Suite struct CheckpointTests {
    private static let full = Checkpoint(
        parts: [
            Checkpoint.Part(
                configuration: CampaignConfiguration(
                    target: .patchers(PatcherTarget(objects: ["/a b/\"c\"\n.o"])), cases: .init(seed: .max),
                    budget: .init(jobs: 3)),
                cases: 1 << 61, seconds: 0.1 + 0.2, isFinished: true,
                files: [UsedFile(path: "/a b/\"c\"\n.o", size: .max, fingerprint: "0123456789abcdef")])
        ],
        known: "/k", next: .max / 128,
        tail: Checkpoint.Tail(
            block: 9, cases: 5, hits: [BucketHit(bucket: "a/b", index: 7, count: 2)],
            countsBefore: CampaignCounts([TargetCounts(ran: 9)])),
        entries: [
            Checkpoint.Entry(
                bucket: "a/b/c", firsts: [FirstHit(seed: .max, index: .max)], hits: 1 << 61, isStored: true)
        ],
        collateral: [Checkpoint.CollateralFinding(bucket: "a/ä", index: 1, text: "two\nlines", isStored: false)],
        early: [EarlyHit(bucket: "x/y", index: 3)],
        times: Checkpoint.Times(start: 1, lastFind: 2, lastCrash: 3, lastHang: 4))

    @Test func checkpointSurvivesARoundTrip() throws {
        #expect(try Checkpoint.parse(Self.full.print()) == Self.full)
    }

    /// A checkpoint with a missing or changed byte is detected.
    @Test func everyDamageIsDetected() throws {
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

    /// Impossible numbers are damage, even with a correct checksum.
    @Test func impossibleNumbersAreDamage() throws {
        let changes: [(String, (inout Checkpoint) -> Void)] = [
            ("cases", { $0.parts[0].cases = .max }), ("seconds", { $0.parts[0].seconds = 1e300 }),
            ("before time", { $0.parts[0].seconds = -1 }), ("jobs", { $0.parts[0].configuration.budget.jobs = 0 }),
            ("counts", { $0.parts[0].counts[0].ran = .max }), ("hits", { $0.entries[0].hits = .max }),
            ("tail", { $0.tail?.cases = .max }), ("tail's counts", { $0.tail?.countsBefore.notRun = .max }),
            ("kernel counts", { $0.parts[0].counts.kernel.refused["a"] = .max }),
            ("tail's hits", { $0.tail?.hits[0].count = .max }), ("next", { $0.next = .max }),
            ("epoch", { $0.epoch = Epoch(start: 5, end: 1, shares: []) }),
        ]
        for (name, change) in changes {
            var checkpoint = Self.full
            change(&checkpoint)
            #expect(throws: Checkpoint.Fault.damage, "\(name)") { try Checkpoint.parse(checkpoint.print()) }
        }
        for shard in ["{\"count\":0,\"number\":0}", "{\"count\":2,\"number\":9}", "{\"count\":2,\"number\":0}"] {
            #expect(throws: DecodingError.self, "\(shard)") {
                try JSONDecoder().decode(Shard.self, from: Data(shard.utf8))
            }
        }
        #expect(try JSONDecoder().decode(Shard.self, from: JSONEncoder().encode(Shard("3/4")!)) == Shard("3/4")!)
    }

    /// Shards near the largest index.
    @Test func shardsHaveNoOverflow() throws {
        let limits: [UInt64] = [.max, .max - 1, .max - 127, .max - 128, 1 << 63, 129, 128, 127, 1, 0]
        for limit in limits {
            #expect(Shard.whole.count(below: limit) == limit)
            let halves = try ["1/2", "2/2"].map { try #require(Shard($0)).count(below: limit) }
            #expect(halves[0] + halves[1] == limit && halves[0] >= halves[1])
        }
        let last = Shard.whole.indices(ofBlock: .max / 128, limit: .max)
        #expect(last == (UInt64.max - 127)..<UInt64.max)
    }

    @Test func formatIsCheckedFirst() {
        let next = String(Checkpoint.format + 1)
        #expect(throws: Checkpoint.Fault.format(next)) {
            try Checkpoint.parse(Data("bpf-patch-fuzz checkpoint \(next)\nrest".utf8))
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

    /// Rows after the last checkpoint of a killed campaign, and incomplete rows, are dropped.
    @Test func plotGoesOnFromTheCheckpoint() {
        let text = CampaignStatistics.plotHeader + "5, 0, 1\n10, 0, 2\n15, 0, 3\n1"
        #expect(CampaignStatistics.plot(text, until: 12.9) == CampaignStatistics.plotHeader + "5, 0, 1\n10, 0, 2\n")
        #expect(CampaignStatistics.lastTime(ofPlot: CampaignStatistics.plot(text, until: 12.9)) == 10)
        #expect(CampaignStatistics.lastTime(ofPlot: CampaignStatistics.plotHeader) == nil)
        #expect(CampaignStatistics.plot("", until: 1) == CampaignStatistics.plotHeader)
    }
}
