import Fuzzing
import Patching
import Testing

/// Faults that only large cases, or fields at limits, show.
struct NarrowIndexTests {
    private static let seed: UInt64 = 1

    /// A campaign of some seconds has as many large cases; see `GeneratorTests.largeCasesAreRare()`.
    private static let cases: UInt64 = 20

    @Test(arguments: [PlantedPatcher.Fault.index16, .subprogram8, .line8, .edit8, .edit10])
    func faultIsFound(_ fault: PlantedPatcher.Fault) {
        expectFound(fault, cases: Self.cases, shape: .large)
    }

    @Test func wrongFieldIsFound() { expectFound(.immediateForOffset, cases: 60_000) }

    private func expectFound(_ fault: PlantedPatcher.Fault, cases: UInt64, shape: CaseShape = .mixed) {
        var fuzzer = Fuzzer(seed: Self.seed, shape: shape, patchers: [PlantedPatcher(fault)], describesFindings: false)
        let found = (0..<cases).first { !fuzzer.run(index: $0) }
        print("\(fault.name): found in case \(found.map(String.init) ?? "none") of seed \(Self.seed)")
        #expect(found != nil, "\(fault) is not found in \(cases) cases of seed \(Self.seed)")
    }

    /// Without the sizes and fields that are for them, the faults stay unseen.
    @Test(arguments: [
        PlantedPatcher.Fault.index16, .subprogram8, .line8, .edit8, .edit10,
    ])
    func faultNeedsLargeCases(_ fault: PlantedPatcher.Fault) {
        var fuzzer = Fuzzer(
            seed: Self.seed, shape: .fixed(insns: 200, edits: 12, passes: 1), patchers: [PlantedPatcher(fault)])
        #expect((0..<2_000).allSatisfy { fuzzer.run(index: $0) }, "\(fault)")
    }
}
