import BPF
import Patching

/// The inner loop of a campaign: makes cases by index and runs each through all patchers and the oracle.
///
/// Made once and reused for the whole run.
package struct Fuzzer: ~Copyable {
    private let seed: UInt64
    private let failsAllocations: Bool
    private var generator: CaseGenerator
    /// The writer of all small cases, which replaces the generator; `nil` for random cases.
    private var small: SmallCaseWriter?
    private let smallPass = PassBuffer()
    private var comparison: PatcherComparison
    /// The counters of the situations that the passes test, or `nil`.
    package let coverage: PassCoverage?
    /// The digest of the results of all small cases so far: the same for any order of the cases.
    package private(set) var digest = ResultDigest()

    /// Makes a fuzzer.
    ///
    /// - Parameters:
    ///   - bases: real programs, well formed; if there are any, every other case edits one of them
    ///   - workloads: the sources of passes, cycled by case index; without any, passes are random
    ///   - limits: the limits of passes, cycled by case index; cases depend on them and not on the patchers
    ///   - small: all small cases, in place of random ones; the index of a case is then its number
    ///   - beyondContract: true to run patchers built from kernel functions beyond the kernel's contract, too
    ///   - failsAllocations: true to make allocations fail in one case of sixteen, in plug-ins of kernel functions
    ///   - oracle: the oracle that judges
    ///   - countsCoverage: true to count the situations that the passes test
    ///   - describesFindings: false if findings are only counted by bucket
    ///   - progress: a word for the number of the running patcher plus 1, or 0
    package init(
        seed: UInt64, shape: CaseShape = .mixed, bases: [Program] = [], workloads: [Workload] = [],
        limits: [CaseLimits] = [CaseLimits()], small: SmallCases? = nil, patchers: [any Patcher],
        beyondContract: Bool = false, failsAllocations: Bool = false, oracle: Oracle = .fast,
        countsCoverage: Bool = false, describesFindings: Bool = true, progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) {
        self.seed = seed
        self.failsAllocations = failsAllocations
        coverage = countsCoverage ? PassCoverage() : nil
        self.small = small.map(SmallCaseWriter.init)
        generator = CaseGenerator(seed: seed, shape: shape, bases: bases, workloads: workloads, limits: limits)
        comparison = PatcherComparison(
            patchers, beyondContract: beyondContract, oracle: oracle, describesFindings: describesFindings,
            progress: progress)
    }

    /// The findings of the last case.
    package var findings: [Finding] { comparison.findings }
    /// The status of the last pass of the last case, by the rules.
    package var status: PatchStatus { comparison.status }
    /// The number of passes of the last case that ran.
    package var passCount: Int { comparison.passCount }
    /// True if the last case was generated to be refused.
    package var isMadeToBeRefused: Bool { generator.isMadeToBeRefused }

    /// The number of cases so far in which a patcher skipped an unsupported pass.
    package func skippedCases(of patcher: Int) -> Int { comparison.skippedCases(of: patcher) }

    /// The number of cases so far in which a patcher ran at least one pass.
    package mutating func ranCases(of patcher: Int) -> Int { comparison.ranCases(of: patcher) }

    /// Runs one case; returns true if it has no finding.
    ///
    /// - Parameter excluded: the patchers that do not run in this case, a bit for each
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func run(index: UInt64, excluding excluded: UInt64 = 0) -> Bool {
        if small != nil { return runSmall(index, excluding: excluded) }
        if failsAllocations { comparison.setFailures(failures(of: index)) }
        generator.begin(index: index, into: comparison.current)
        comparison.begin(excluding: excluded)
        return runPasses()
    }

    /// Runs the case of draws, such as the bytes of a fuzzing engine; returns true if it has no finding.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func run(_ draws: Draws) -> Bool {
        comparison.begin(generator.begin(draws))
        return runPasses()
    }

    private mutating func runPasses() -> Bool {
        let count = generator.passCount
        for number in 1..<count + 1 {
            let pass = generator.nextPass(for: comparison.program)
            coverage?.add(pass, on: comparison.program)
            if comparison.run(pass, isLast: number == count) != .accepted { break }
        }
        return comparison.findings.isEmpty
    }

    /// The failing allocations of a case, or `nil`. They depend on seed and index only.
    private func failures(of index: UInt64) -> AllocationFailures? {
        if !failsAllocations || index % 16 != 9 { return nil }
        let mixed = (seed ^ index &* 0x9e37_79b9_7f4a_7c15) &* 0xd6e8_feb8_6659_fd93
        return AllocationFailures(oneIn: 4, seed: mixed >> 32)
    }

    /// Makes a case by index again, as a value; passes that no patcher ran are left out.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func makeCase(index: UInt64) -> Case {
        if small != nil { return makeSmallCase(index) }
        var made = makeCase(of: generator.begin(index: index))
        made.origin = Case.Origin(seed: seed, index: index)
        if let failures = failures(of: index) {
            (made.conditions.failAlloc, made.conditions.failSeed) = (failures.oneIn, failures.seed)
        }
        return made
    }

    /// Makes the case of draws as a value; passes that no patcher ran are left out.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func makeCase(_ draws: Draws) -> Case { makeCase(of: generator.begin(draws)) }

    /// The choices of a case by index as a byte string, of which ``makeCase(_:)`` makes the same case.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func choices(index: UInt64) -> [UInt8] {
        _ = makeCase(of: generator.beginWriting(index: index))
        return generator.written
    }

    private mutating func makeCase(of program: ProgramImage<InputIndex>) -> Case {
        var made = Case(program: Program(program), passes: [])
        comparison.begin(program)
        for number in 1...generator.passCount {
            let pass = generator.nextPass(for: comparison.program)
            made.passes.append(Pass(pass))
            if comparison.run(pass, isLast: number == generator.passCount) != .accepted { break }
        }
        return made
    }

    private mutating func runSmall(_ number: UInt64, excluding excluded: UInt64) -> Bool {
        small?.write(number, comparison.current, smallPass)
        comparison.begin(excluding: excluded)
        _ = comparison.run(smallPass.image, isLast: true)
        digest.add(number, comparison.status, comparison.program)
        for finding in comparison.findings { digest.add(number, finding.bucket) }
        return comparison.findings.isEmpty
    }

    private mutating func makeSmallCase(_ number: UInt64) -> Case {
        let program = ProgramBuffer()
        small?.write(number, program, smallPass)
        return Case(program: Program(program.image(as: InputIndex.self)), passes: [Pass(smallPass.image)])
    }
}
