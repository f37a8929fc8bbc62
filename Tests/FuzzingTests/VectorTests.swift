import BPF
import Patching
import Testing

@testable import Fuzzing

/// Every vector through every built-in patcher alone, and through the oracle.
struct VectorTests {
    /// The outcome of a script, or `nil` if the patcher skips one of its passes.
    private static func outcome(of c: Case, by patcher: any Patcher) -> Case.Expectation? {
        let input = ProgramBuffer()
        let output = ProgramBuffer()
        let pass = PassBuffer()
        var expectation = Expectation()
        input.load(c.program)
        for edits in c.passes {
            pass.load(edits)
            let image: ProgramImage<InputIndex> = input.image()
            if PassCheck.fault(in: pass.image, on: image) != nil { return .error(.einval) }
            if patcher.isStepwise {
                expectation.compute(pass.image, on: image)
                if expectation.status == .einval { return nil }
                let prefixes = StepwisePrefixes(pass: pass.image, input: image, expectation: expectation)
                if prefixes.hasRefused() { return nil }
            }
            let status = patcher.apply(pass.image, to: image, into: output)
            if status == .erange && patcher.isStepwise && expectation.status == .accepted {
                let prefixes = StepwisePrefixes(pass: pass.image, input: image, expectation: expectation)
                if prefixes.overflows() { return nil }
            }
            if status != .accepted { return .error(status) }
            input.load(output.image(as: OutputIndex.self))
        }
        return result(input)
    }

    private static func result(_ buffer: ProgramBuffer) -> Case.Expectation {
        let program = Program(buffer.image(as: OutputIndex.self))
        return .result(
            insns: program.insns, aux: program.aux, subprograms: program.subprograms, lines: program.lines)
    }

    /// Returns true if an outcome equals the expectation. A vector without expectation is an error: it would always pass.
    private static func meets(_ c: Case, _ found: Case.Expectation, _ file: String) -> Bool {
        guard let expected = c.expected else {
            Issue.record("\(file), \(c.name): no expectation")
            return false
        }
        if expected.agrees(with: found) { return true }
        Issue.record("\(file), \(c.name): expected \(expected), found \(found)")
        return false
    }

    /// The number of vectors of each file that a stepwise patcher skips: the pass or a prefix is refused for a landing.
    private static let skipped = ["passes.jsonl": 245, "far.jsonl": 1, "corners.jsonl": 11]

    @Test(arguments: BuiltInPatchers.allCases, Vectors.files)
    func patcherMeetsTheExpectations(_ design: BuiltInPatchers, file: String) throws {
        let patcher = design.make()
        var skipped = 0
        for c in try Vectors.cases(of: file) {
            guard let found = VectorTests.outcome(of: c, by: patcher) else {
                skipped += 1
                continue
            }
            if !VectorTests.meets(c, found, "\(design.name), \(file)") { return }
        }
        #expect(skipped == (patcher.isStepwise ? VectorTests.skipped[file] : 0), "\(design.name), \(file)")
    }

    @Test(arguments: Vectors.files) func faultlessPatcherMeetsTheExpectations(file: String) throws {
        for c in try Vectors.cases(of: file) {
            guard let found = VectorTests.outcome(of: c, by: FaultyPatcher(nil)) else { continue }
            if !VectorTests.meets(c, found, file) { return }
        }
    }

    @Test(arguments: Vectors.files) func linkedListRunsWholeScripts(file: String) throws {
        let list = LinkedList()
        let input = ProgramBuffer()
        let output = ProgramBuffer()
        let pass = PassBuffer()
        var scripts = 0
        for c in try Vectors.cases(of: file) {
            input.load(c.program)
            var runner = CaseRunner([])
            // It runs the passes up to the first error, since it lays out the program only at the end.
            let passes = c.passes.prefix(try runner.run(c).passCount)
            scripts += passes.count > 1 ? 1 : 0
            list.begin(input.image())
            var status = PatchStatus.accepted
            for edits in passes {
                pass.load(edits)
                // A malformed pass is detected on the result of the previous pass.
                if try isMalformed(edits, in: c) { status = .einval } else { status = list.apply(pass.image) }
                if status != .accepted { break }
            }
            if status == .accepted { status = list.finish(into: output) }
            let found = status == .accepted ? VectorTests.result(output) : .error(status)
            if !VectorTests.meets(c, found, file) { return }
        }
        #expect(file != "passes.jsonl" || scripts > 500)
    }

    private func isMalformed(_ pass: Pass, in c: Case) throws -> Bool {
        guard case .error(.einval) = c.expected, let number = c.passes.firstIndex(of: pass) else { return false }
        var runner = CaseRunner([])
        guard let program = runner.input(ofPass: number, of: c) else { return false }
        let input = ProgramBuffer()
        input.load(program)
        let buffer = PassBuffer()
        buffer.load(pass)
        return PassCheck.fault(in: buffer.image, on: input.image()) != nil
    }

    @Test(arguments: Vectors.files) func oracleMeetsTheExpectations(file: String) throws {
        var runner = CaseRunner([])
        for c in try Vectors.cases(of: file) {
            let outcome = try runner.run(c)
            #expect(outcome.findings.isEmpty, "\(file), \(c.name)")
            if !VectorTests.meets(c, outcome.expected, file) { return }
        }
    }
}
