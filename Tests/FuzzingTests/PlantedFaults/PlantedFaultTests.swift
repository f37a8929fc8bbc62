import Fuzzing
import Patching
import Testing

/// Whether the harness finds what patchers get wrong, and makes it small enough to read.
struct PlantedFaultTests {
    private static let seed: UInt64 = 1
    private static let nearTable = FaultTable("seed \(seed), faults:", count: Fault.near.count)
    private static let farTable = FaultTable("seed \(seed), faults at the limit:", count: Fault.far.count)

    /// Found within ten seconds, shrunk in its bucket, the same again from its text, and gone with the fault.
    private func hunt(_ fault: Fault, _ table: FaultTable) throws -> CaseSize? {
        var hunt = FaultHunt(fault, seed: PlantedFaultTests.seed)
        hunt.search(seconds: 10)
        hunt.shrink()
        table.add(hunt)
        guard let smallest = hunt.result?.smallest else {
            Issue.record("\(fault) is not found in \(hunt.cases) cases, seed \(hunt.seed)")
            return nil
        }
        let text = CaseFile.print(smallest)
        let again = try CaseFile.parse(text, file: "\(fault).case")
        let place = Comment("\(fault), seed \(hunt.seed), index \(hunt.cases - 1)\n\(text)")
        #expect(try FaultHunt.buckets(of: again, with: fault).contains(hunt.bucket), place)
        #expect(try FaultHunt.buckets(of: again, with: nil) == [], place)
        return CaseSize(smallest)
    }

    @Test(arguments: Fault.near) func faultIsFoundAndShrunk(_ fault: Fault) throws {
        guard let size = try hunt(fault, PlantedFaultTests.nearTable) else { return }
        #expect(size.passes == 1 && size.edits <= 2 && size.insns <= 6, "\(fault): \(size)")
    }

    @Test(arguments: Fault.far) func faultAtTheLimitIsFoundAndShrunk(_ fault: Fault) throws {
        guard let size = try hunt(fault, PlantedFaultTests.farTable) else { return }
        #expect(size.passes == 1 && size.edits <= 2 && size.insns + size.patchInsns <= 32_772, "\(fault): \(size)")
    }

    /// Small cases are cheap: most of the 200,000 are of this kind.
    @Test(arguments: [
        (CaseShape.mixed, UInt64(40_000)), (.fixed(insns: 6, edits: 3, passes: 1), 80_000),
        (.fixed(insns: 10, edits: 4, passes: 2), 80_000),
    ])
    func withoutFaultThePatcherIsRight(shape: CaseShape, count: UInt64) {
        let seed = PlantedFaultTests.seed
        var fuzzer = Fuzzer(seed: seed, shape: shape, patchers: [FaultyPatcher(nil)])
        for index in 0..<count where !fuzzer.run(index: index) {
            Issue.record("seed \(seed), \(shape), index \(index): \(fuzzer.findings)")
            return
        }
    }
}
