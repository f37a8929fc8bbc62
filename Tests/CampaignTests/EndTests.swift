import Foundation
import Testing

@testable import Campaign

/// The last words of a campaign with few or no results.
@Suite struct EndTests {
    private static func report(cases: UInt64) -> CampaignReport {
        CampaignReport(seed: 1, cases: cases, seconds: 1, casesPerSecond: 1, jobs: 1, findings: [])
    }

    @Test func noCasesAreNoCleanEnd() {
        #expect(Self.report(cases: 0).gaps == [CampaignReport.noCase])
        #expect(Self.report(cases: 1).gaps.isEmpty)
        var lost = Self.report(cases: 0)
        lost.hasLostWorkers = true
        #expect(lost.gaps == [CampaignReport.lostWorkers])
    }

    /// The preparation of a command counts as its time, except for one second. Half of the time remains for the campaign.
    @Test(
        arguments: [(10.0, 0.0, 0.0), (10, 0.9, 0), (10, 4, 3), (10, 60, 5), (.infinity, 60, 59)]
            as [(Double, Double, Double)])
    func preparationCounts(_ limit: Double, _ spent: Double, _ counted: Double) {
        var clock = CampaignClock(limit: limit)
        let now = Date()
        clock.countPreparation(since: now - spent)
        let seconds = clock.seconds
        // The test itself takes time, which counts too.
        let most = counted + Date().timeIntervalSince(now) + 0.01
        #expect(seconds >= counted && seconds < most, "\(seconds)")
        #expect(!clock.isOver || clock.seconds > counted + 1)
        var endless = CampaignClock(limit: nil)
        endless.countPreparation(since: Date(timeIntervalSinceNow: -900))
        #expect(endless.seconds < 800)
    }

    @Test func targetsThatNeverRanAreNamed() {
        let target = PatcherTarget([PatcherChoice(name: "delta-array")!, PatcherChoice(name: "index-map")!])
        func neverRun(_ other: TargetCounts, cases: UInt64 = 9) -> [String] {
            target.report(CampaignCounts([TargetCounts(ran: 9), other]), cases: cases, seconds: 1).neverRun
        }
        #expect(neverRun(TargetCounts(skipped: 9)) == ["index-map"])
        #expect(neverRun(TargetCounts(ran: 1, skipped: 9)) == [])
        // A target that died has run.
        #expect(neverRun(TargetCounts(skipped: 9, crashes: 1)) == [])
        #expect(neverRun(TargetCounts(), cases: 0) == [])
        var report = Self.report(cases: 9)
        let counts = CampaignCounts([TargetCounts(ran: 9), TargetCounts(skipped: 9)])
        report.add(target.report(counts, cases: 9, seconds: 1), counts, targets: target.targets)
        report.neverRun = ["index-map"]
        #expect(report.results?.patchers?.ran == ["delta-array": 9, "index-map": 0])
        #expect(
            report.gaps == ["index-map \(CampaignReport.neverRunWords): \(CampaignReport.unsupportedWords)"])
    }

    /// A target that hardly ran is named. Cases that no target ran do not count.
    @Test func leftOutTargetsAreNamed() {
        func report(_ cases: UInt64, _ it: TargetCounts, notRun: UInt64 = 0, _ targets: [String]) -> CampaignReport {
            var counts = CampaignCounts([it])
            counts.notRun = notRun
            var report = Self.report(cases: cases)
            report.add(.patchers(PatcherReport(counts, targets: targets, cases: cases)), counts, targets: targets)
            return report
        }
        let enough = report(1_000_000, TargetCounts(hangs: 3, leftOut: 990_000), ["it", "other"])
        #expect(enough.gaps.isEmpty && enough.cases == 1_000_000 && enough.notRun == nil)
        let thin = ["it ran 9,999 of 1,000,000 cases, \(CampaignReport.thinWords)"]
        let hung = TargetCounts(hangs: 3, leftOut: 990_001)
        #expect(report(1_000_000, hung, ["it", "other"]).gaps == thin)
        let alone = report(1_000_000, hung, notRun: 990_001, ["it"])
        #expect(alone.cases == 9_999 && alone.notRun == 990_001)
        #expect(alone.gaps == thin)
        let empty = report(128, TargetCounts(memory: 1, leftOut: 128), notRun: 128, ["it"])
        #expect(empty.cases == 0 && empty.gaps == ["it ran 0 of 128 cases, \(CampaignReport.thinWords)"])
    }

    /// A case that is cut off at the end is not a finding, unless it has run longer than its timeout.
    @Test(arguments: [(0.0, false), (1.3, false), (30.0, false), (30.1, true)])
    func onlyLateCasesAreDoubted(_ seconds: Double, _ isLate: Bool) {
        let now: UInt64 = 1_000_000_000_000
        let cut = CutCase(index: 5, start: now - UInt64(seconds * 1e9), now: now, timeout: 30)
        #expect(cut.isLate == isLate)
        #expect(
            cut.text == "case 5 \(CutCase.words) \(seconds) of its limit of 30.0 s; its block is not counted")
        var kept = cut
        kept.isKept = true
        #expect(kept.text.contains("run again when the campaign is resumed"))
        // The start is unknown.
        #expect(!CutCase(index: 5, start: 0, now: now, timeout: 30).isLate)
    }

    @Test func unansweredCasesAreNamed() throws {
        var report = Self.report(cases: 9)
        report.doubts = [Doubt(target: "it", index: 7)]
        #expect(report.gaps == ["it timed out at case 7, and \(CampaignReport.doubtWords)"])
    }

    @Test(
        arguments: [
            (1, 0x10, FaultPlace.Access.write, "writes to address 0x10, next to a null pointer"),
            (1, 0x7000_1000, .read, "reads from an address where nothing is mapped"),
            (2, 0x7000_1000, .write, "writes to memory without permission"),
            (1, 0, .jump, "jumps to address 0x0, next to a null pointer"),
            (128, 0, .read, "uses a non-canonical address"),
        ] as [(Int32, UInt, FaultPlace.Access, String)]) func addressesAreWords(
            _ code: Int32, _ address: UInt, _ access: FaultPlace.Access, _ text: String
        )
    {
        let place = FaultPlace(address: address, code: code, access: access)
        #expect(place.text(file: nil) == text && FaultPlace(word: place.word) == place)
    }

    @Test func distancesSurviveTheirWord() {
        for number in [-1 << 40, -1, 0, 1, 1 << 40] {
            let place = FaultPlace(kind: .array, access: .read, number: number)
            #expect(FaultPlace(word: place.word) == place)
        }
    }
}
