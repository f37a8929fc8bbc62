import BPF
import Fuzzing
import Patching
import TestSupport
import Testing

/// No pass of a workload is malformed or refused on any program, and all patchers have the same result.
struct WorkloadAcceptanceTests {
    /// Runs all patchers on a program with the passes of a workload; returns the number of edits.
    private static func run(
        _ workload: Workload, on program: Program, _ comparison: inout PatcherComparison,
        _ generator: inout WorkloadGenerator,
        _ place: @autoclosure () -> String
    ) -> Int {
        let buffer = ProgramBuffer()
        let pass = PassBuffer()
        buffer.load(program)
        if let fault = buffer.image(as: Slot.self).fault() {
            Issue.record("\(place()): ill formed: \(fault)")
            return 0
        }
        comparison.begin(buffer.image())
        var edits = 0
        for number in 0..<workload.passCount {
            generator.makePass(number, of: workload, for: comparison.program, into: pass)
            edits += pass.editCount
            let status = comparison.run(pass.image, isLast: number == workload.passCount - 1)
            if let finding = comparison.findings.first {
                Issue.record("\(place()), \(workload.name), pass \(number): \(finding.bucket): \(finding.detail)")
            } else if status == .einval {
                Issue.record("\(place()), \(workload.name), pass \(number): refused")
            }
            if status != .accepted { break }
        }
        return edits
    }

    /// The programs of seeds and vectors by name; those at the 16-bit limit, and the others.
    private static let programs = Result {
        var programs: [(place: String, program: Program)] = []
        for file in CaseFolder.allCases.flatMap(\.files) { programs.append((file.path, try file.parsed().program)) }
        for file in ["corners.jsonl", "passes.jsonl"] {
            programs += try Vectors.cases(of: file).map { ("\(file), \($0.name)", $0.program) }
        }
        return programs.filter { $0.program.fault() == nil }
    }

    @Test(arguments: Workload.allCases) func programsOfFiles(_ workload: Workload) throws {
        var comparison = PatcherComparison(BuiltInPatchers.allCases.map { $0.make() })
        var generator = WorkloadGenerator()
        var edits = 0
        for (place, program) in try Self.programs.get() where program.insns.count < 4096 {
            edits += Self.run(workload, on: program, &comparison, &generator, place)
        }
        print("\(workload.name): \(edits) edits in the programs of seeds and vectors")
        #expect(edits > 0)
    }

    /// Programs at the 16-bit limit, with an edit at almost every slot: for a quadratic design they would take minutes.
    ///
    /// They consist of constants, so most other workloads have no edits in them.
    @Test func programsAtTheLimit() throws {
        let linear = BuiltInPatchers.allCases.map { $0.make() }.filter { !$0.isStepwise }
        var comparison = PatcherComparison(linear)
        var generator = WorkloadGenerator()
        let large = try Self.programs.get().filter { $0.program.insns.count >= 4096 }
        #expect(large.count >= 3)
        for (place, program) in large.prefix(3) {
            let edits = Self.run(.blinding, on: program, &comparison, &generator, place)
            #expect(edits > 30_000, "\(place)")
        }
    }

    @Test(arguments: Workload.allCases) func generatedCases(_ workload: Workload) { Self.runGenerated(100, workload) }

    /// Runs all patchers on random programs with the passes of a workload.
    static func runGenerated(_ cases: UInt64, _ workload: Workload) {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of WorkloadAcceptanceTests.generatedCases, \(workload.name): \(seed)")
        var fuzzer = Fuzzer(seed: seed, workloads: [workload], patchers: BuiltInPatchers.allCases.map { $0.make() })
        for index in 0..<cases {
            let isClean = fuzzer.run(index: index)
            if !isClean || fuzzer.status == .einval {
                let found = fuzzer.findings.first.map { "\($0.bucket): \($0.detail)" } ?? "refused"
                Issue.record("seed \(seed), index \(index): \(found)")
                return
            }
        }
    }
}

/// The same for more random programs.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct WorkloadEnduranceTests {
    @Test(arguments: Workload.allCases) func generatedCases(_ workload: Workload) {
        WorkloadAcceptanceTests.runGenerated(1000, workload)
    }
}
