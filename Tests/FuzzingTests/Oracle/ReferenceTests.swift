import BPF
import Fuzzing
import Patching
import Testing

@testable import Fuzzing

/// The fast oracle of campaigns gives what the reference gives, to the byte.
@Suite struct ReferenceTests {
    /// The fast oracle and the check for malformed passes, as campaigns use them.
    private struct Fast: ~Copyable {
        var expectation = Expectation()
        let program = ProgramBuffer()
        let edits = PassBuffer()

        mutating func result(of pass: Pass, on input: Program) -> Reference.Result {
            program.load(input)
            edits.load(pass)
            let image: ProgramImage<InputIndex> = program.image()
            expectation.compute(edits.image, on: image)
            let isMalformed = PassCheck.fault(in: edits.image, on: image) != nil
            #expect(isMalformed == (expectation.refusal == .malformed))
            return expectation.status == .accepted
                ? .program(Program(expectation.program.image(as: OutputIndex.self)))
                : .error(expectation.status, "")
        }
    }

    private static func agree(_ one: Reference.Result, _ two: Reference.Result) -> Bool {
        switch (one, two) {
        case (.program(let one), .program(let two)): one == two
        case (.error(let one, _), .error(let two, _)): one == two
        default: false
        }
    }

    /// Every case below a bound. How many there are is a property of the enumeration, so it is known.
    @Test(arguments: [
        (SmallCases.Bounds(slots: 2, edits: 1, patch: 2), 1),
        (SmallCases.Bounds(slots: 2, edits: 1, patch: 1, hasLines: true, hasSubprograms: true), 1),
        (SmallCases.Bounds(slots: 2, edits: 2, patch: 0, hasLines: true), 1),
    ]) func allSmallCases(_ bounds: SmallCases.Bounds, _ count: Int) throws {
        var fast = Fast()
        var cases = 0
        var wrong = 0
        SmallCases.forEach(bounds) { program, pass in
            cases += 1
            let (one, two) = (Reference.result(of: pass, on: program), fast.result(of: pass, on: program))
            if Self.agree(one, two) { return }
            wrong += 1
            if wrong < 4 {
                let c = Case(program: program, passes: [pass])
                Issue.record("case \(cases): the reference gives \(one), the fast oracle \(two)\n\(CaseFile.print(c))")
            }
        }
        #expect(wrong == 0)
        print("\(bounds): \(cases) cases")
    }

    /// Random cases as campaigns make them, each pass on what the passes before it gave.
    @Test(arguments: [
        (CaseShape.mixed, UInt64(2000)), (.fixed(insns: 6, edits: 3, passes: 1), 4000),
        (.fixed(insns: 10, edits: 4, passes: 2), 2000),
    ]) func randomCases(_ shape: CaseShape, _ count: UInt64) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = CaseGenerator(seed: seed, shape: shape)
        var fast = Fast()
        for index in 0..<count {
            var program = Program(generator.begin(index: index))
            for _ in 0..<generator.passCount {
                let input = ProgramBuffer()
                input.load(program)
                let pass = Pass(generator.nextPass(for: input.image()))
                let (one, two) = (Reference.result(of: pass, on: program), fast.result(of: pass, on: program))
                #expect(Self.agree(one, two), "seed \(seed), index \(index)")
                guard case .program(let next) = one else { break }
                program = next
            }
        }
    }
}
