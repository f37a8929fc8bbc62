import BPF
import Patching
import Testing

@testable import Fuzzing

/// All small cases: their number, their order, and that none is missing or there twice.
@Suite struct SmallCasesTests {
    private static func cases(_ slots: Int, _ edits: Int, _ kinds: Set<SmallCases.Kind>? = nil) -> SmallCases {
        var bounds = SmallCases.Bounds(slots: slots, edits: edits)
        if let kinds { bounds.kinds = kinds }
        return SmallCases(bounds)
    }

    /// Counted by a program of its own, which multiplies choices and makes no case.
    @Test(arguments: [
        (1, 1, UInt64(32)), (2, 1, 5_896), (2, 2, 7_632), (3, 2, 1_734_952), (3, 3, 1_874_480), (4, 2, 410_804_596),
        (5, 1, 24_512_170_548),
    ]) func numberOfCases(slots: Int, edits: Int, count: UInt64) {
        #expect(Self.cases(slots, edits).count == count)
    }

    /// No case is there twice, and each is well formed.
    @Test func casesAreDistinctAndWellFormed() {
        var found: Set<Case> = []
        var wrong: [String] = []
        let (input, edits) = (ProgramBuffer(), PassBuffer())
        let cases = Self.cases(2, 2)
        cases.visit { program, pass in
            found.insert(Case(program: program, passes: [pass]))
            if let fault = program.fault() { wrong.append("\(program): \(fault)") }
            input.load(program)
            edits.load(pass)
            if let fault = PassCheck.fault(in: edits.image, on: input.image()) { wrong.append("\(pass): \(fault)") }
        }
        #expect(found.count == Int(cases.count) && wrong.isEmpty, "\(wrong.prefix(3))")
    }

    /// Slots, edits and kinds, small enough for all malformed passes.
    private static let combinations: [(Int, Int, Set<SmallCases.Kind>)] = [
        (2, 1, [.plain, .kfunc, .goto, .call]), (2, 2, [.plain, .gotol]), (3, 1, [.plain, .call]), (3, 2, [.plain]),
    ]

    /// The cases are those of the other enumeration whose pass is not malformed. It tries every number in every field.
    @Test(arguments: combinations) func noCaseIsMissing(slots: Int, edits: Int, kinds: Set<SmallCases.Kind>) {
        var wanted: Set<Case> = []
        var bounds = SmallCases.Bounds(slots: slots, edits: edits)
        (bounds.kinds, bounds.hasMalformed) = (kinds, true)
        let (input, buffer) = (ProgramBuffer(), PassBuffer())
        SmallCases(bounds).visit { program, pass in
            input.load(program)
            buffer.load(pass)
            if PassCheck.fault(in: buffer.image, on: input.image()) == nil {
                wanted.insert(Case(program: program, passes: [pass]))
            }
        }
        var found: Set<Case> = []
        Self.cases(slots, edits, kinds).visit { found.insert(Case(program: $0, passes: [$1])) }
        #expect(found == wanted, "\(found.count) cases, \(wanted.count) wanted")
    }

    /// Smallest first; the number of smaller cases is that of the cases before.
    @Test func casesAreInOrder() {
        let cases = Self.cases(3, 1, [.plain, .goto, .wide])
        var before: [Int] = []
        var number: UInt64 = 0
        cases.visit { program, pass in
            let size = CaseSize(Case(program: program, passes: [pass]))
            let now = [size.edits, size.insns + size.patchInsns, size.insns]
            #expect(!now.lexicographicallyPrecedes(before), "case \(number)")
            if now != before {
                #expect(cases.casesBefore(edits: now[0], slots: now[1], programSlots: now[2]) == number)
            }
            let told = cases.size(of: number)
            #expect([told.edits, told.slots, told.programSlots] == now, "case \(number)")
            before = now
            number += 1
        }
    }

    /// A case depends on its number only, not on the cases that were made before.
    @Test func caseOfANumberAlone() {
        let cases = Self.cases(3, 2)
        var (one, other) = (SmallCaseWriter(cases), SmallCaseWriter(cases))
        let (programs, passes) = ([ProgramBuffer(), ProgramBuffer()], [PassBuffer(), PassBuffer()])
        for start in stride(from: UInt64(0), to: cases.count - 40, by: 50_021) {
            for number in start..<start + 40 { one.write(number, programs[0], passes[0]) }
            other.write(start + 39, programs[1], passes[1])
            #expect(
                Program(programs[0].image(as: InputIndex.self)) == Program(programs[1].image(as: InputIndex.self)))
            #expect(Pass(passes[0].image) == Pass(passes[1].image), "case \(start + 39)")
        }
    }

    /// Runs all cases in an order; returns the digest and the first wrong case.
    private static func run(
        _ cases: SmallCases, _ patchers: [any Patcher], backward: Bool = false
    ) -> (digest: UInt64, wrong: UInt64?) {
        var fuzzer = Fuzzer(seed: 0, small: cases, patchers: patchers, describesFindings: false)
        var wrong: UInt64?
        for number in 0..<cases.count {
            let index = backward ? cases.count - 1 - number : number
            if !fuzzer.run(index: index) { wrong = min(wrong ?? index, index) }
        }
        return (fuzzer.digest.value, wrong)
    }

    /// All built-in patchers are right, and the digest depends neither on the order nor on the number of patchers.
    @Test func builtInPatchersAreRight() {
        let cases = Self.cases(2, 2)
        let all = Self.run(cases, BuiltInPatchers.allCases.map { $0.make() })
        let one = Self.run(cases, [Engine()], backward: true)
        #expect(all.wrong == nil && one.wrong == nil && all.digest == one.digest && all.digest != 0)
    }

    /// A wrong result changes the digest, and the first wrong case is the smallest one.
    @Test func firstFindingIsTheSmallest() throws {
        let cases = Self.cases(2, 2)
        let right = Self.run(cases, [Engine()])
        let planted = Self.run(cases, [PlantedPatcher(.lostAux)])
        let wrong = try #require(planted.wrong)
        #expect(planted.digest != right.digest)
        var fuzzer = Fuzzer(seed: 0, small: cases, patchers: [PlantedPatcher(.lostAux)])
        var smallest: CaseSize?
        for number in 0..<cases.count where !fuzzer.run(index: number) {
            let size = CaseSize(fuzzer.makeCase(index: number))
            smallest = min(smallest ?? size, size)
        }
        let first = CaseSize(fuzzer.makeCase(index: wrong))
        let size = try #require(smallest)
        #expect([first.edits, first.insns, first.patchInsns] == [size.edits, size.insns, size.patchInsns])
    }
}
