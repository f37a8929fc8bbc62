import Fuzzing
import Patching
import TestSupport
import Testing

/// The harness finds every planted fault and minimizes it to a readable case.
struct PlantedFaultTests {
    private static let seed: UInt64 = 1
    private static let nearTable = FaultTable("seed \(seed), faults:", count: RuleFault.near.count)
    private static let farTable = FaultTable("seed \(seed), faults at the limit:", count: RuleFault.far.count)

    /// The index to start from for faults that few cases show, shortly before the first finding.
    private static let starts: [RuleFault: UInt64] = [
        .rangeOfGotol: 7_300, .rangeStrictBackward: 4_700, .rangeStrictForward: 3_900, .rangeCheckedBackward: 2_100,
        .rangeCheckedForward: 2_000, .leavingLeavesSubprogram: 3_500, .appendLeaves: 800,
    ]

    /// Checks that a fault is found within a limit, and that its minimized case keeps the bucket, survives printing, and
    /// passes without the fault.
    private static func hunt(_ fault: RuleFault, _ table: FaultTable, cases: UInt64) throws -> CaseSize? {
        var hunt = FaultHunt(fault, seed: PlantedFaultTests.seed, from: PlantedFaultTests.starts[fault] ?? 0)
        hunt.search(cases: cases)
        hunt.minimize()
        table.add(hunt)
        guard let smallest = hunt.result?.smallest else {
            Issue.record("\(fault) is not found in \(hunt.cases) cases, seed \(hunt.seed)")
            return nil
        }
        let text = CaseFile.print(smallest)
        let again = try CaseFile.parse(text, file: "\(fault).case")
        let place = Comment("\(fault), seed \(hunt.seed), index \(hunt.first + hunt.cases - 1)\n\(text)")
        #expect(try FaultHunt.buckets(of: again, with: fault).contains(hunt.bucket), place)
        #expect(try FaultHunt.buckets(of: again, with: nil) == [], place)
        return CaseSize(smallest)
    }

    @Test(arguments: RuleFault.near) func faultIsFoundAndMinimized(_ fault: RuleFault) throws {
        guard let size = try Self.hunt(fault, PlantedFaultTests.nearTable, cases: 20_000) else { return }
        #expect(size.passes == 1 && size.edits <= 2 && size.insns <= 6, "\(fault): \(size)")
    }

    /// The only fault at the limit that is minimized here: each takes seconds.
    private static let quickest = RuleFault.rangeUnchecked

    @Test(arguments: RuleFault.far.filter { $0 != quickest }) func faultAtTheLimitIsFound(_ fault: RuleFault) {
        var hunt = FaultHunt(fault, seed: PlantedFaultTests.seed, from: PlantedFaultTests.starts[fault] ?? 0)
        hunt.search(cases: 20_000)
        #expect(hunt.found != nil, "\(fault) is not found in \(hunt.cases) cases, seed \(hunt.seed)")
    }

    @Test func oneFaultAtTheLimitIsMinimized() throws { try Self.expectFoundAndMinimized(Self.quickest) }

    /// Checks that a fault at the 16-bit limit is found and minimized.
    static func expectFoundAndMinimized(_ fault: RuleFault) throws {
        guard let size = try hunt(fault, PlantedFaultTests.farTable, cases: 20_000) else { return }
        #expect(size.passes == 1 && size.edits <= 2 && size.insns + size.patchInsns <= 32_772, "\(fault): \(size)")
    }

    /// Shapes of cases and their numbers. Most are small, since these are fast.
    static let shapes: [(CaseShape, UInt64)] = [
        (.mixed, 2_000), (.fixed(insns: 6, edits: 3, passes: 1), 4_000),
        (.fixed(insns: 10, edits: 4, passes: 2), 4_000),
    ]

    @Test(arguments: shapes) func withoutFaultThePatcherIsRight(shape: CaseShape, count: UInt64) {
        PlantedFaultTests.expectRight(shape, 0..<count)
    }

    /// Runs cases against the patcher without any fault; records the first finding.
    static func expectRight(_ shape: CaseShape, _ indices: Range<UInt64>) {
        var fuzzer = Fuzzer(seed: seed, shape: shape, patchers: [FaultyPatcher(nil)])
        for index in indices where !fuzzer.run(index: index) {
            Issue.record("seed \(seed), \(shape), index \(index): \(fuzzer.findings)")
            return
        }
    }
}

/// All faults at the limit, and 200,000 cases without any.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct PlantedFaultEnduranceTests {
    @Test(arguments: RuleFault.far) func faultAtTheLimitIsFoundAndMinimized(_ fault: RuleFault) throws {
        try PlantedFaultTests.expectFoundAndMinimized(fault)
    }

    @Test(arguments: PlantedFaultTests.shapes) func withoutFaultThePatcherIsRight(shape: CaseShape, count: UInt64) {
        PlantedFaultTests.expectRight(shape, count..<count * 20)
    }
}
