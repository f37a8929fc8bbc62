import Foundation
import Synchronization
import Testing

@testable import Campaign

/// The status line and messages of a campaign, with a manual clock.
struct CampaignStatusTests {
    /// A clock and a screen.
    private final class Scene: Sendable {
        let time = Mutex(0.0)
        let written = Mutex([String]())
        let columns = Mutex(200)

        func status(isTerminal: Bool) -> CampaignStatus {
            CampaignStatus(
                CampaignStatus.Screen(
                    isTerminal: isTerminal, columns: { self.columns.withLock { $0 } },
                    write: { text in self.written.withLock { $0.append(text) } }),
                now: { Date(timeIntervalSince1970: self.time.withLock { $0 }) })
        }

        func advance(_ seconds: Double) { time.withLock { $0 += seconds } }

        /// The text written since the last call.
        func take() -> [String] {
            written.withLock { texts in
                defer { texts = [] }
                return texts
            }
        }
    }

    private static let start = "\r\u{1b}[K"

    /// Progress, and the status line for it.
    private static let lines: [(progress: ProgressText, text: String)] = [
        (ProgressText(), "0 cases  0/s  0 buckets  0:00:00"),
        (
            ProgressText(cases: 1, seconds: 61.9, rate: 1234.5, buckets: 1, sinceBucket: 3725),
            "1 case  1,234/s  1 bucket, the last 1:02:05 ago  0:01:01"
        ),
        (
            ProgressText(cases: 250, caseLimit: 1000, seconds: 10, rate: 25),
            "25%  250 cases  25/s  0 buckets  0:00:10, 0:00:30 left"
        ),
        (
            ProgressText(cases: 250, seconds: 15, timeLimit: 60),
            "25%  250 cases  0/s  0 buckets  0:00:15, 0:00:45 left"
        ),
        // The nearer of two limits.
        (
            ProgressText(cases: 900, caseLimit: 1000, seconds: 15, timeLimit: 60),
            "90%  900 cases  0/s  0 buckets  0:00:15, 0:00:01 left"
        ),
        (
            ProgressText(cases: 10, caseLimit: 1000, seconds: 59, timeLimit: 60),
            "98%  10 cases  0/s  0 buckets  0:00:59, 0:00:01 left"
        ),
        (
            ProgressText(cases: 1000, caseLimit: 1000, seconds: 70, timeLimit: 60),
            "100%  1,000 cases  0/s  0 buckets  0:01:10, 0:00:00 left"
        ),
        (
            ProgressText(cases: 5, buckets: 2, activity: "minimizing a/b", place: "/tmp/x"),
            "5 cases  0/s  2 buckets  0:00:00  minimizing a/b  /tmp/x"
        ),
    ]

    @Test(arguments: lines.indices) func theLineHasTheProgress(_ number: Int) {
        #expect(Self.lines[number].progress.text == Self.lines[number].text)
    }

    @Test func aLineIsCutToTheTerminal() {
        #expect(ProgressText.cut("abcdef", to: 7) == "abcdef")
        #expect(ProgressText.cut("abcdef", to: 6) == "abcd…")
        #expect(ProgressText.cut("abcdef", to: 2) == "…")
        #expect(ProgressText.cut("abcdef", to: 0) == "…")
    }

    @Test func aTerminalIsRedrawnInPlace() {
        let scene = Scene()
        let status = scene.status(isTerminal: true)
        status.update { $0.cases = 100 }
        #expect(scene.take().isEmpty)
        scene.advance(0.5)
        status.tick()
        #expect(scene.take() == [Self.start + "100 cases  200/s  0 buckets  0:00:00"])
        // The time advances without other progress.
        scene.advance(3)
        status.tick()
        #expect(scene.take() == [Self.start + "100 cases  0/s  0 buckets  0:00:03"])
        scene.columns.withLock { $0 = 20 }
        scene.advance(1)
        status.tick()
        // The terminal has broken the old line into two.
        #expect(scene.take() == ["\r\u{1b}[1A\u{1b}[K100 cases  0/s  0 …\u{1b}[J"])
        status.end()
        #expect(scene.take() == [Self.start])
        scene.advance(9)
        #expect(!status.tick() && scene.take().isEmpty)
    }

    @Test func withoutATerminalLinesAreRare() {
        let scene = Scene()
        let status = scene.status(isTerminal: false)
        var times: [Int] = []
        for second in 1...900 {
            scene.advance(1)
            status.tick()
            if !scene.take().isEmpty { times.append(second) }
        }
        #expect(times == Array(stride(from: 10, through: 590, by: 10)) + [650, 710, 770, 830, 890])
        status.end()
        #expect(scene.take().isEmpty)
    }

    @Test(arguments: [true, false]) func messagesAreAboveTheStatusLine(_ isTerminal: Bool) {
        let scene = Scene()
        let status = scene.status(isTerminal: isTerminal)
        status.note("early")
        #expect(scene.take() == ["early\n"])
        scene.advance(10)
        status.tick()
        let line = scene.take()
        status.note("found\n")
        #expect(scene.take() == (isTerminal ? [Self.start + "found\n"] + line : ["found\n"]))
        status.end()
        _ = scene.take()
        status.note("late")
        #expect(scene.take() == ["late\n"])
    }

    /// A message of several parts is one line in a file. On a terminal, only words may be longer than its width.
    @Test(arguments: [true, false]) func aMessageFitsTheTerminal(_ isTerminal: Bool) {
        let scene = Scene()
        scene.columns.withLock { $0 = 20 }
        let status = scene.status(isTerminal: isTerminal)
        status.note(["0:00:03  found a/b, at case 1:", "a jump lands on a wrong slot:", "/tmp/a/long/path/of/a.case"])
        status.note("five words of one line")
        #expect(
            scene.take()
                == (isTerminal
                    ? [
                        """
                        0:00:03  found a/b,
                          at case 1:
                          a jump lands on a
                            wrong slot:
                          /tmp/a/long/path/of/a.case

                        """, "five words of one\n  line\n",
                    ]
                    : [
                        "0:00:03  found a/b, at case 1: a jump lands on a wrong slot: /tmp/a/long/path/of/a.case\n",
                        "five words of one line\n",
                    ]))
    }

    @Test func aResumedCampaignContinuesItsCounts() {
        let scene = Scene()
        let status = scene.status(isTerminal: true)
        status.resume(after: 100, cases: 5000)
        status.bucketFound()
        scene.advance(2)
        status.update { $0.cases = 5200 }
        #expect(
            scene.take() == [Self.start + "5,200 cases  100/s  0 buckets, the last 0:00:02 ago  0:01:42"])
    }

    /// The drawing thread runs on its own, and ends.
    @Test func aThreadDraws() {
        let scene = Scene()
        let status = scene.status(isTerminal: true)
        status.begin()
        scene.advance(1)
        while scene.written.withLock(\.isEmpty) { usleep(1000) }
        status.end()
        _ = scene.take()
        scene.advance(1)
        #expect(!status.tick())
    }

    @Test func thousandsOfBucketsAreSummedUp() {
        var announcer = BucketAnnouncer()
        let shown = (0..<93).count { announcer.isShown("a/rule/\($0)") }
        #expect(shown == 10 && announcer.isShown("b/rule/0"))
        #expect(announcer.rest == ["and 83 more buckets of a"])
        for number in 0..<10 { _ = announcer.isShown("b/rule/\(number)") }
        #expect(announcer.rest == ["and 83 more buckets of a", "and 1 more bucket of b"])
    }

    @Test func theLogIsAppendedTo() throws {
        let folder = try Tool.Folder()
        var time = 1_000_000_000.0
        for _ in 0..<2 {
            let log = CampaignLog(folder: folder.path) { Date(timeIntervalSince1970: time) }
            try log.add(.start, "seed 7")
            time += 61
            try log.add(.bucket, "a/b\nc")
        }
        #expect(
            try folder.texts()["log"] == """
                2001-09-09T01:46:40Z start: seed 7
                2001-09-09T01:47:41Z bucket: a/b; c
                2001-09-09T01:47:41Z start: seed 7
                2001-09-09T01:48:42Z bucket: a/b; c

                """)
        let nowhere = CampaignLog(folder: folder.path + "/none")
        #expect(throws: CampaignError.self) { try nowhere.add(.end, "x") }
    }

    /// The number of indices of a part below a limit.
    @Test(arguments: ["1/1", "1/3", "2/3", "3/3"]) func aPartKnowsItsSize(_ text: String) throws {
        let shard = try #require(Shard(text))
        for limit in [0, 1, 127, 128, 129, 256, 300, 384, 385, 500, 512, 1000, 1024, 100_000] as [UInt64] {
            var count: UInt64 = 0
            var block: UInt64 = 0
            while !shard.indices(ofBlock: block, limit: limit).isEmpty {
                count += UInt64(shard.indices(ofBlock: block, limit: limit).count)
                block += 1
            }
            #expect(shard.count(below: limit) == count, "\(text) below \(limit)")
        }
    }
}
