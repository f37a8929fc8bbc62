import BPF
import Patching
import TestSupport
import Testing

@testable import Fuzzing

/// Both oracles, for comparison.
struct OraclePair: ~Copyable {
    private var fast = Expectation()
    private var reference = Expectation()
    private let program = ProgramBuffer()
    private let edits = PassBuffer()

    /// Runs a pass through both oracles; returns the difference in words, or `nil`.
    ///
    /// The fast check for malformed passes is compared too. Prefixes are compared for a fourth of the passes.
    mutating func difference(_ pass: Pass, on input: Program) -> String? {
        program.load(input)
        edits.load(pass)
        let image: ProgramImage<InputIndex> = program.image()
        fast.compute(edits.image, on: image)
        reference.replace(by: Reference.result(of: pass, on: input))
        let isMalformed = PassCheck.fault(in: edits.image, on: image) != nil
        if isMalformed != (reference.refusal == .malformed) { return "PassCheck: \(isMalformed)" }
        // Printing whole programs is slow.
        if reference.status == .accepted && fast.status == .accepted
            && reference.program.image(as: OutputIndex.self).isIdentical(to: fast.program.image(as: OutputIndex.self))
        {
            return nil
        }
        let (one, two) = (Self.words(reference), Self.words(fast))
        return one == two ? nil : "the reference has \(one), the fast oracle \(two)"
    }

    /// The reference's status of the last pass.
    var status: PatchStatus { reference.status }

    /// The reference's result of the last pass; `nil` for an error.
    var result: Program? {
        reference.status == .accepted ? Program(reference.program.image(as: OutputIndex.self)) : nil
    }

    /// The difference in the results of prefixes of the last pass, or `nil`.
    func prefixDifference(_ pass: Pass, on input: Program) -> String? {
        if fast.status == .einval { return nil }
        let prefixes = StepwisePrefixes(pass: edits.image, input: program.image(), expectation: fast)
        let refused = Reference.hasPrefix(of: pass, on: input, withError: .einval)
        if refused != prefixes.hasRefused() { return "a refused prefix: the reference says \(refused)" }
        let overflows = Reference.hasPrefix(of: pass, on: input, withError: .erange)
        return overflows == prefixes.overflows() ? nil : "an overflowing prefix: the reference says \(overflows)"
    }

    /// All parts of an outcome in words, with the place of a refusal.
    private static func words(_ expectation: borrowing Fuzzing.Expectation) -> String {
        if expectation.status == .accepted {
            return "\(Program(expectation.program.image(as: OutputIndex.self)))"
        }
        let place = expectation.refusalPlace.map { " at \($0.position)" } ?? ""
        return "\(expectation.status), \(expectation.refusal?.rawValue ?? "")\(place)"
    }

    /// Compares both oracles on every case below a bound; returns the number of cases.
    static func compareAll(_ bounds: SmallCases.Bounds) -> Int {
        var pair = OraclePair()
        var cases = 0
        var wrong = 0
        SmallCases(bounds).visit { program, pass in
            cases += 1
            if wrong > 3 { return }
            guard let difference = pair.difference(pass, on: program) else { return }
            wrong += 1
            Issue.record("case \(cases): \(difference)\n\(CaseFile.print(Case(program: program, passes: [pass])))")
        }
        return cases
    }

    /// Compares both oracles on random cases, each pass on the result of the previous one.
    static func compareRandom(_ shape: CaseShape, _ count: UInt64, prefixes: Bool = false) {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = CaseGenerator(seed: seed, shape: shape)
        var pair = OraclePair()
        for index in 0..<count {
            var program = Program(generator.begin(index: index))
            for _ in 0..<generator.passCount {
                let input = ProgramBuffer()
                input.load(program)
                let pass = Pass(generator.nextPass(for: input.image()))
                let difference =
                    pair.difference(pass, on: program) ?? (prefixes ? pair.prefixDifference(pass, on: program) : nil)
                if let difference {
                    Issue.record("seed \(seed), \(shape), index \(index): \(difference)")
                    return
                }
                guard let next = pair.result else { break }
                program = next
            }
        }
    }
}

/// The fast oracle and the reference have the same results, to the byte.
@Suite struct ReferenceTests {
    /// The kinds that the rules distinguish, except `gotol`, which differs from `goto` only in its field.
    static let near: Set<SmallCases.Kind> = [.plain, .goto, .call, .wide, .function]
    static let all = near.union([.gotol])

    /// Bounds with malformed passes; each patch has a bound of its own.
    static func bounds(
        slots: Int, edits: Int, patch: Int, hasLines: Bool = false, hasSubprograms: Bool = false,
        kinds: Set<SmallCases.Kind> = all
    ) -> SmallCases.Bounds {
        var bounds = SmallCases.Bounds(slots: slots + edits * patch, edits: edits)
        (bounds.program, bounds.patch, bounds.kinds, bounds.hasMalformed) = (slots, patch, kinds, true)
        (bounds.hasLines, bounds.hasSubprograms) = (hasLines, hasSubprograms)
        return bounds
    }

    /// Every case below a bound. The number of cases is a property of the enumeration.
    @Test(arguments: [
        (Self.bounds(slots: 2, edits: 1, patch: 1, hasLines: true, hasSubprograms: true, kinds: near), 68_526),
        (Self.bounds(slots: 2, edits: 2, patch: 0, hasLines: true, kinds: near), 34_728),
        (Self.bounds(slots: 1, edits: 1, patch: 2), 44_804),
        (Self.bounds(slots: 2, edits: 2, patch: 1, kinds: [.plain]), 6_230),
    ]) func allSmallCases(_ bounds: SmallCases.Bounds, _ count: Int) {
        #expect(OraclePair.compareAll(bounds) == count, "\(bounds)")
    }

    @Test(arguments: [
        (CaseShape.mixed, UInt64(2_000)), (.fixed(insns: 6, edits: 3, passes: 1), 4_000),
        (.fixed(insns: 10, edits: 4, passes: 2), 2_000),
    ]) func randomCases(_ shape: CaseShape, _ count: UInt64) { OraclePair.compareRandom(shape, count) }

    /// Also compares every prefix of the edits, since stepwise patchers apply them one by one.
    @Test(arguments: [(CaseShape.fixed(insns: 6, edits: 4, passes: 1), UInt64(3_000)), (.mixed, 600)])
    func prefixesOfRandomCases(_ shape: CaseShape, _ count: UInt64) {
        OraclePair.compareRandom(shape, count, prefixes: true)
    }

    /// Patches and runs of equal slots that are longer than the 64 slots which the fast oracle checks in one step.
    @Test func longPatchesAndRuns() throws {
        let move = Instruction(code: Opcode.movImmediate64, imm: 7)
        var passes: [(Pass, Program)] = []
        let exit = Instruction(code: Opcode.exit)
        let program = Program(insns: [move, move, exit])
        let wide = [Instruction(code: Opcode.loadImmediate64, imm: 1), Instruction(code: 0)]
        let wideProgram = Program(insns: [move] + wide + [exit])
        for at in [0, 61, 62, 63, 64, 65, 126, 127, 128] {
            var patch = Array(repeating: move, count: 131)
            (patch[at], patch[at + 1]) = (wide[0], wide[1])
            for keep in [nil, at, at + 1, at + 2] {
                let edit = Edit(
                    off: InputIndex(1), remove: keep == nil ? 0 : 1, patch: patch, keep: keep.map { PatchIndex($0) })
                passes.append((Pass(edits: [edit]), program))
            }
            for target in [at, at + 1, at + 2] {
                var jumping = patch
                jumping[130] = Instruction(code: Opcode.ja, off: Int16(target - 131))
                passes.append((Pass(edits: [Edit(off: InputIndex(1), remove: 0, patch: jumping)]), program))
            }
            // A placeholder must not be read, even if it looks like a jump.
            for placeholder in [Instruction(code: Opcode.ja, off: 300), wide[0]] {
                for place in [at, at + 1] {
                    var kept = Array(repeating: move, count: 131)
                    kept[place] = placeholder
                    let edit = Edit(off: InputIndex(1), remove: 2, patch: kept, keep: PatchIndex(at))
                    passes.append((Pass(edits: [edit]), wideProgram))
                }
            }
            for target in [at, at + 1, at + 2] {
                var jumping = Array(repeating: move, count: 131)
                jumping[130] = Instruction(code: Opcode.ja, off: Int16(target - 131))
                let edit = Edit(off: InputIndex(1), remove: 2, patch: jumping, keep: PatchIndex(at))
                passes.append((Pass(edits: [edit]), wideProgram))
            }
            var broken = patch
            broken[at + 1] = move
            passes.append((Pass(edits: [Edit(off: InputIndex(1), remove: 0, patch: broken)]), program))
            let cut = Array(patch[...at])
            passes.append((Pass(edits: [Edit(off: InputIndex(1), remove: 0, patch: cut)]), program))
        }
        // A row of equal jumps; an edit moves some of them.
        for (code, off) in [(Opcode.ja, 1), (Opcode.ja, -2), (0x15, 40), (0x15, 0)] {
            var insns = Array(repeating: Instruction(code: code, off: Int16(off)), count: 200)
            insns[0] = move
            insns += Array(repeating: move, count: 50) + [exit]
            for place in [1, 64, 100, 130, 199] {
                let edits = [Edit(off: InputIndex(place), remove: 0, patch: [move, move])]
                passes.append((Pass(edits: edits), Program(insns: insns)))
            }
        }
        // A call among helper calls, which have the same code.
        for place in [1, 63, 64, 100, 127] {
            var insns = Array(repeating: Instruction(code: Opcode.call, imm: 1), count: 128) + [exit]
            insns[place] = Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: Int32(-place - 1))
            passes.append((Pass(edits: [Edit(off: InputIndex(1), remove: 0, patch: [move])]), Program(insns: insns)))
        }
        var pair = OraclePair()
        for (number, (pass, program)) in passes.enumerated() {
            #expect(pair.difference(pass, on: program) == nil, "case \(number)")
        }
    }

    /// The first of several refusals, and the errors of prefixes, of a program whose jumps are at the 16-bit limit.
    @Test func refusalsAtTheLimit() {
        let move = Instruction(code: Opcode.movImmediate64, imm: 7)
        func jump(_ off: Int) -> Instruction { Instruction(code: Opcode.ja, off: Int16(off)) }
        func insert(_ off: Int, _ patch: [Instruction], to target: Int? = nil) -> Edit {
            let refs = target.map { [Ref(from: PatchIndex(0), to: InputIndex($0))] } ?? []
            return Edit(off: InputIndex(off), remove: 0, patch: patch, refs: refs)
        }
        func delete(_ off: Int) -> Edit { Edit(off: InputIndex(off), remove: 1) }
        var insns = Array(repeating: move, count: 32_800)
        (insns[100], insns[32_790], insns[32_798]) = (jump(-74), jump(-32_768), jump(0))
        let program = Program(insns: insns)
        let replacement = Edit(off: InputIndex(26), remove: 2, patch: [move])
        let ref = Ref(from: PatchIndex(1), to: InputIndex(30))
        let outside = Edit(off: InputIndex(25), remove: 0, patch: [move], refs: [ref])
        let passes: [(edits: [Edit], status: PatchStatus)] = [
            // Of two overflows, and of two dangling jumps, the one of the patch is first in the result.
            ([insert(25, [jump(0)], to: 32_799)], .erange),
            ([insert(25, [jump(0)], to: 32_800), delete(32_799)], .einval),
            // A dangling jump is named before an overflow.
            ([insert(25, [move]), delete(32_799)], .einval),
            // An overflow after the first edit only, after the last only, and after the second of three.
            ([insert(25, [move]), delete(30)], .accepted), ([delete(26), insert(30, [move, move])], .erange),
            ([delete(26), insert(30, [move, move]), delete(40)], .accepted),
            // A prefix that leaves a jump dangling, and none that overflows.
            ([replacement, delete(100)], .accepted),
            // A ref from the slot after its patch, where the next patch has a jump.
            ([outside, insert(30, [jump(0)])], .einval),
        ]
        var pair = OraclePair()
        for (number, (edits, status)) in passes.enumerated() {
            let pass = Pass(edits: edits)
            let difference = pair.difference(pass, on: program) ?? pair.prefixDifference(pass, on: program)
            #expect(difference == nil && pair.status == status, "case \(number)")
        }
    }

    @Test(arguments: Vectors.files) func vectors(file: String) throws {
        for c in try Vectors.cases(of: file) {
            let expected = try #require(c.expected, "\(file), \(c.name)")
            let found = Reference.result(of: c.passes, on: c.program)
            #expect(expected.agrees(with: Case.Expectation(found)), "\(file), \(c.name): \(found)")
        }
    }

    @Test func seeds() throws {
        for file in SeedTests.files {
            let c = try file.parsed()
            // The expectation of a refused load is not one of patchers.
            guard let expected = c.expected, c.loading == nil || !c.passes.isEmpty else { continue }
            let found = Reference.result(of: c.passes, on: c.program)
            #expect(expected.agrees(with: Case.Expectation(found)), "\(file.path): \(found)")
        }
    }
}

/// Three million cases below larger bounds, and a million random ones.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct ReferenceEnduranceTests {
    private static let bounds: [(SmallCases.Bounds, Int)] = [
        (ReferenceTests.bounds(slots: 1, edits: 2, patch: 1), 660_972),
        (ReferenceTests.bounds(slots: 2, edits: 1, patch: 2), 957_335),
        (
            ReferenceTests.bounds(slots: 3, edits: 1, patch: 1, hasSubprograms: true, kinds: ReferenceTests.near),
            441_889
        ),
        (ReferenceTests.bounds(slots: 3, edits: 2, patch: 0, hasLines: true, kinds: ReferenceTests.near), 1_125_552),
    ]

    @Test(arguments: bounds) func allSmallCases(_ bounds: SmallCases.Bounds, _ count: Int) {
        #expect(OraclePair.compareAll(bounds) == count, "\(bounds)")
    }

    @Test(arguments: [
        (CaseShape.mixed, UInt64(100_000)), (.fixed(insns: 6, edits: 3, passes: 1), 600_000),
        (.fixed(insns: 10, edits: 4, passes: 2), 300_000),
    ]) func randomCases(_ shape: CaseShape, _ count: UInt64) { OraclePair.compareRandom(shape, count) }
}
