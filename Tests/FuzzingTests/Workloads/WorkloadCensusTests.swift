import BPF
import Patching
import Testing

@testable import Fuzzing

/// The contents of generated cases whose passes come from a workload.
struct WorkloadCensusTests {
    private static let seed: UInt64 = 2026

    /// Counts over the cases of one workload.
    private struct Census {
        var edits = 0
        var casesWithEdits = 0
        var insns = 0
        var refused = 0
        var overflows = 0
        var lengths: [UInt32: Int] = [:]
        var faults: [String] = []

        init(_ workload: Workload, cases: UInt64) {
            var generator = CaseGenerator(seed: seed, workloads: [workload])
            var expectation = Expectation()
            let current = ProgramBuffer()
            for index in 0..<cases {
                current.load(generator.begin(index: index))
                insns += current.insnCount
                if let fault = current.image(as: Slot.self).fault() { faults.append("index \(index): \(fault)") }
                let before = edits
                for number in 1...generator.passCount {
                    let input: ProgramImage<InputIndex> = current.image()
                    let pass = generator.nextPass(for: input)
                    edits += pass.editCount
                    for row in 0..<pass.editCount { lengths[pass.edit(row).patchCount, default: 0] += 1 }
                    if let fault = PassCheck.fault(in: pass, on: input) {
                        faults.append("index \(index), pass \(number): \(fault)")
                    }
                    expectation.compute(pass, on: input)
                    if expectation.status == .einval { faults.append("index \(index), pass \(number): refused") }
                    overflows += expectation.status == .erange ? 1 : 0
                    if expectation.status != .accepted { break }
                    expectation.program.exchangeContents(with: current)
                }
                casesWithEdits += edits > before ? 1 : 0
            }
        }
    }

    /// Each workload has edits in most cases, and no pass is refused.
    @Test(arguments: Workload.allCases) func casesHaveEdits(_ workload: Workload) {
        let cases: UInt64 = 1500
        let census = Census(workload, cases: cases)
        let lengths = census.lengths.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        print(
            "\(workload.name): \(census.edits) edits in \(cases) cases, \(census.casesWithEdits) with some, "
                + "\(census.overflows) overflow; \(lengths.joined(separator: ", "))")
        #expect(census.faults.isEmpty, "seed \(Self.seed): \(census.faults.prefix(5))")
        #expect(census.edits >= 2 * Int(cases), "seed \(Self.seed)")
        #expect(census.casesWithEdits * 2 >= Int(cases), "seed \(Self.seed)")
    }

    /// A choice makes all, some or none of the edits that a workload finds in programs.
    @Test(arguments: Workload.allCases) func editsAreChosen(_ workload: Workload) {
        let program = ProgramBuffer()
        let pass = PassBuffer()
        let shape = CaseShape.fixed(insns: 400, edits: 1, passes: 1)
        var generator = CaseGenerator(seed: Self.seed, shape: shape, workloads: [workload])
        var passes = WorkloadGenerator()
        var counts = [0, 0, 0]
        for index in 0..<UInt64(20) {
            program.load(generator.begin(index: index))
            for (number, chance) in [65536, 32768, 0].enumerated() {
                var choice = EditChoice(chance: chance, Draws(seed: Self.seed, index: index))
                var marker: Int32 = 1
                passes.makePass(0, of: workload, for: program.image(), &choice, &marker, into: pass)
                counts[number] += pass.editCount
            }
        }
        #expect(counts[0] > counts[1] && counts[1] > 0 && counts[2] == 0, "seed \(Self.seed): \(counts)")
    }

    /// A new generator makes the same case as one that has made other cases before. Workloads alternate.
    @Test func casesDependOnSeedAndIndexAlone() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of WorkloadCensusTests.casesDependOnSeedAndIndexAlone: \(seed)")
        let all = Workload.allCases
        var fuzzer = Fuzzer(seed: seed, workloads: all, patchers: [])
        let forward = (0..<UInt64(240)).map { fuzzer.makeCase(index: $0) }
        for index in (0..<UInt64(240)).reversed() {
            _ = fuzzer.run(index: index ^ 77)
            #expect(fuzzer.makeCase(index: index) == forward[Int(index)], "seed \(seed), index \(index)")
        }
        for (number, workload) in all.enumerated() {
            var alone = Fuzzer(seed: seed, workloads: [workload], patchers: [])
            #expect(alone.makeCase(index: UInt64(number)) == forward[number], "seed \(seed), index \(number)")
        }
    }
}
