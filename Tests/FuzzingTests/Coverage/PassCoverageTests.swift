import BPF
import Patching
import TestSupport
import Testing

@testable import Fuzzing

/// The counters of the situations that passes test.
@Suite struct PassCoverageTests {
    /// The names of the cells of the first pass of a case, with counts above 1 in front.
    private static func cells(_ text: String) throws -> Set<String> {
        let c = try CaseFile.parse(text, file: "c")
        let (program, pass, coverage) = (ProgramBuffer(), PassBuffer(), PassCoverage())
        program.load(c.program)
        pass.load(c.passes[0])
        coverage.add(pass.image, on: program.image())
        return Set(
            zip(CoverageCell.all, coverage.counts).filter { $1 > 0 && $0.subject.isJump }.map { cell, count in
                (count > 1 ? "\(count) " : "") + cell.name
            })
    }

    @Test func bordersOfAReplacedRange() throws {
        #expect(
            try Self.cells(
                """
                program
                    goto L1
                L1: if r1 == 0 goto L4
                    r1 = 1
                    may_goto L4
                L4: exit
                pass
                  replace 1 count 3 with
                    r0 = 0
                    goto @L4
                """) == [
                    "replace/target-first/ja/place", "replace/source-before/ja/place",
                    "replace/source-first/cond/removed", "replace/source-last/may-goto/removed",
                    "replace/target-after/cond/removed", "replace/target-after/may-goto/removed",
                    "replace/target-after/ja/place", "replace/source-patch/ja/place",
                ])
    }

    @Test func refusalIsThatOfItsJump() throws {
        #expect(
            try Self.cells(
                """
                program
                    if r1 == 0 goto L2
                    exit
                L2: exit
                pass
                  delete 2
                """) == ["delete/target-first/cond/EINVAL"])
        #expect(
            try Self.cells(
                """
                program
                    goto +32767
                    .fill 32767 r1 = 0
                    exit
                pass
                  insert at 5
                    r0 = 0
                """) == [])
        #expect(
            try Self.cells(
                """
                program
                    goto +32767
                    .fill 32767 r1 = 0
                    exit
                pass
                  insert at 1
                    r0 = 0
                """) == ["insert/source-before/ja/ERANGE"])
    }

    @Test func keptJumpAndCallAtAnInsertion() throws {
        #expect(
            try Self.cells(
                """
                program
                .subprog 0
                    call L2
                    exit
                .subprog 1
                L2: exit
                pass
                  replace 0 with
                    r0 = 0
                    kept
                  insert at 2, jumps skip
                    r0 = 1
                """) == [
                    "keep/source-kept/call/place", "insert-skip/target-first/call/place",
                ])
    }

    /// A cell that has a reason to be impossible is never counted, and random cases test all others.
    ///
    /// - Parameter cases: the number of cases; offsets that do not fit are rare, and tested by many cases only
    private static func untested(_ cases: UInt64, checks: [CoverageCell.Check]) -> [String] {
        var fuzzer = Fuzzer(seed: 1, patchers: [], countsCoverage: true)
        for index in 0..<cases { _ = fuzzer.run(index: index) }
        let counts = fuzzer.coverage?.counts ?? []
        for (cell, count) in zip(CoverageCell.all, counts) where count > 0 {
            #expect(cell.isPossible, "\(cell.name): \(cell.impossibility ?? "")")
        }
        return zip(CoverageCell.all, counts).filter { $0.isPossible && $1 == 0 && checks.contains($0.check) }.map(
            \.0.name)
    }

    @Test func randomCasesLeaveNoCell() {
        #expect(Self.untested(6000, checks: [.place, .removed]) == [])
    }
}
