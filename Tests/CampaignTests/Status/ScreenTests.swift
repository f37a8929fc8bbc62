import BPF
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Campaign

/// The screen of a campaign on a terminal.
struct ScreenTests {
    private static let progress = ProgressText(
        cases: 9_837_184, seconds: 41, timeLimit: 60, rate: 241_153, buckets: 3, sinceBucket: 12,
        activity: "minimizing mine: a sentence", place: "/tmp/state")

    private static func snapshot(buckets: Int = 3, targets: Int = 2) -> CampaignSnapshot {
        var snapshot = CampaignSnapshot()
        (snapshot.command, snapshot.seed) = ("run", 3)
        snapshot.buckets = (0..<buckets).map {
            CampaignSnapshot.Bucket(
                name: "mine/wrong-landing/ja-\($0)/patch", hits: 4, seen: $0 < 2 ? 29 - Double($0) : nil,
                isKnown: $0 == 1)
        }
        snapshot.targets = (0..<targets).map {
            CampaignSnapshot.Target(name: "target-\($0)", ran: 9_836_928, skipped: 17, deaths: 2)
        }
        snapshot.costs = (0..<targets).map { Double($0 + 1) / 10 } + [0.5]
        snapshot.refused = CampaignSnapshot.Share(part: 63, all: 1000, noun: "case")
        snapshot.coverage = "45 of 61 rewrites"
        (snapshot.running, snapshot.jobs, snapshot.restarts, snapshot.backlog) = (2, 2, 1, 1)
        snapshot.memory = 31 << 20
        return snapshot
    }

    @Test func screenHasAllNumbers() {
        let lines = ScreenText(Self.progress, Self.snapshot(), columns: 80, rows: 24).lines
        #expect(
            lines.joined(separator: "\n") == """
                bpf-patch-fuzz run  seed 3                           0:00:41  68%  0:00:19 left
                cases     9,837,184        now 241,153/s    average 239,931/s
                refused   6.3%             of 1,000 cases
                coverage  45 of 61 rewrites
                workers   2 of 2 run       1 restart        memory 31 MiB
                now       minimizing mine: a sentence
                state     /tmp/state
                findings  3 buckets, 1 known, 1 not minimized, the newest 0:00:12 old
                       age      hits  bucket
                   0:00:12         4  mine/wrong-landing/ja-0/patch
                   0:00:13         4  mine/wrong-landing/ja-1/patch (known)
                   earlier         4  mine/wrong-landing/ja-2/patch
                  target                time        cases       deaths      skipped
                  generator, oracle    50.0%
                  target-1             20.0%    9,836,928            2           17
                  target-0             10.0%    9,836,928            2           17
                """)
    }

    /// With many buckets and targets, the screen still fits every terminal that has one.
    @Test func screenFitsEverySize() {
        for (buckets, targets) in [(0, 1), (1, 8), (500, 1), (500, 64)] {
            let snapshot = Self.snapshot(buckets: buckets, targets: targets)
            for columns in ScreenText.fewestColumns...130 {
                for rows in ScreenText.fewestRows...40 {
                    let lines = ScreenText(Self.progress, snapshot, columns: columns, rows: rows).lines
                    let isFitting = lines.count < rows && lines.allSatisfy { $0.count < columns }
                    #expect(isFitting, "\(columns)x\(rows): \(lines.joined(separator: "\n"))")
                    // A screen of ASCII and at most an ellipsis a line is written at once.
                    #expect(lines.reduce(0) { $0 + $1.utf8.count + 4 } < Int(PIPE_BUF) - 64)
                    if !isFitting { return }
                }
            }
        }
    }

    /// All targets and the number of the hidden ones are shown at 80 x 24.
    @Test func hiddenLinesAreCounted() {
        let lines = ScreenText(Self.progress, Self.snapshot(buckets: 500, targets: 64), columns: 80, rows: 24).lines
        #expect(lines.count == 23)
        let counts = lines.compactMap { line in
            line.firstMatch(of: #/^  and (\d+) more (bucket|target)s$/#).map { "\($0.1) \($0.2)" }
        }
        // Each list has a title; the time of the generator is a line of the second.
        let shown = lines.count { $0.contains("mine/") && !$0.hasPrefix("now") }
        let targets = lines.count { $0.hasPrefix("  target-") || $0.hasPrefix("  generator") }
        #expect(counts == ["\(500 - shown) bucket", "\(65 - targets) target"] && shown > 2 && targets > 5, "\(lines)")
    }

    /// A terminal of a campaign.
    private final class Scene: Sendable {
        let time = Mutex(0.0)
        let terminal: Mutex<Terminal>
        let size: Mutex<(columns: Int, rows: Int)>

        init(columns: Int, rows: Int) {
            terminal = Mutex(Terminal(columns: columns, rows: rows))
            size = Mutex((columns, rows))
        }

        func status() -> CampaignStatus {
            CampaignStatus(
                CampaignStatus.Screen(
                    isTerminal: true, columns: { self.size.withLock { $0.columns } },
                    rows: { self.size.withLock { $0.rows } },
                    write: { text in self.terminal.withLock { $0.write(text) } }),
                now: { Date(timeIntervalSince1970: self.time.withLock { $0 }) })
        }

        var lines: [String] { terminal.withLock { $0.lines } }

        func draw(_ status: CampaignStatus) {
            time.withLock { $0 += 1 }
            status.tick()
        }
    }

    /// The screen is redrawn in place, messages are above it, and nothing of it is left at the end.
    @Test func messagesScrollAboveTheScreen() {
        let scene = Scene(columns: 80, rows: 24)
        let status = scene.status()
        #expect(status.hasScreen)
        status.note("first")
        status.show(Self.snapshot(buckets: 500, targets: 9))
        for _ in 0..<3 { scene.draw(status) }
        #expect(scene.lines.first == "first" && scene.lines.count == 24, "\(scene.lines)")
        #expect(scene.lines.count { $0.hasPrefix("bpf-patch-fuzz run") } == 1)
        status.note("second")
        status.show(Self.snapshot(buckets: 1, targets: 1))
        scene.draw(status)
        #expect(scene.terminal.withLock { $0.history } == ["first"])
        #expect(scene.lines.first == "second" && scene.lines.count < 15, "\(scene.lines)")
        #expect(scene.lines.count { $0.hasPrefix("bpf-patch-fuzz run") } == 1)
        status.end()
        #expect(scene.lines == ["second"])
    }

    /// A narrower terminal breaks the drawn lines; they are erased all the same.
    @Test func screenFollowsTheTerminal() {
        let scene = Scene(columns: 80, rows: 24)
        let status = scene.status()
        status.note("message")
        status.show(Self.snapshot(buckets: 2, targets: 1))
        scene.draw(status)
        for columns in [60, 45, 100, 80] {
            scene.size.withLock { $0.columns = columns }
            scene.terminal.withLock { $0.resize(columns: columns) }
            scene.draw(status)
            #expect(scene.lines.first == "message" && scene.lines.count { $0.hasPrefix("workers") } == 1)
            #expect(scene.lines.count { $0.hasPrefix("bpf-patch-fuzz run") } == 1, "\(columns): \(scene.lines)")
        }
        // Too small for the screen: one line.
        scene.size.withLock { $0.rows = 5 }
        scene.draw(status)
        #expect(scene.lines.count == 2 && scene.lines.last?.contains("0 cases") == true, "\(scene.lines)")
        status.end()
        #expect(scene.lines == ["message"])
    }

    @Test(
        arguments: [
            ([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false),
            (["TERM": "xterm"], true),
        ] as [([String: String], Bool)])
    func environmentSelectsPlainLines(_ environment: [String: String], _ isWanted: Bool) {
        #expect(CampaignStatus.Screen.wantsControl(environment) == isWanted)
    }

    /// Samples are divided between targets by the numbers that workers write.
    @Test func samplesAreShares() throws {
        let shared = try SharedProgress(inMemoryFor: 4)
        let sampler = CostSampler(shared, jobs: 4, targets: 2)
        sampler.sample()
        #expect(sampler.costs.isEmpty)
        for worker in 0..<3 { shared.begin(index: 7, worker: worker) }
        unsafe shared.patcherWord(ofWorker: 0)[Slot(0)] = 1
        unsafe shared.patcherWord(ofWorker: 1)[Slot(0)] = 2
        unsafe shared.patcherWord(ofWorker: 3)[Slot(0)] = 2
        sampler.sample()
        unsafe shared.patcherWord(ofWorker: 1)[Slot(0)] = SharedProgress.givenUp
        unsafe shared.patcherWord(ofWorker: 2)[Slot(0)] = 1
        sampler.sample()
        #expect(sampler.costs == [0.6, 0.2, 0.2] || sampler.costs.map { ($0 * 10).rounded() } == [6, 2, 2])
    }
}
