import BPF
import Foundation
import Fuzzing
import Patching
import Plugins
import TestSupport
import Testing

/// Plug-ins without faults.
struct CleanTests {
    /// Runs random cases and returns the number of cases with a skipped pass.
    private static func skippedCases(_ files: [String], cases: UInt64, shape: CaseShape = .mixed) throws -> Int {
        let plugin = try BuiltPlugin(files).load()
        let seed: UInt64 = 1
        var fuzzer = Fuzzer(
            seed: seed, shape: shape, patchers: [plugin.makePatcher(options: Plugin.Options(runsEveryPassTwice: true))])
        for index in 0..<cases where !fuzzer.run(index: index) {
            Issue.record("\(plugin.description.name), seed \(seed), case \(index): \(fuzzer.findings.map(\.bucket))")
            break
        }
        return fuzzer.skippedCases(of: 0)
    }

    /// Most random passes need capabilities that the example lacks, but not all.
    @Test func exampleIsClean() throws {
        try CleanTests.expectExampleIsClean(cases: 5_000)
    }

    /// Checks the example against mixed random cases, and against cases with one edit.
    static func expectExampleIsClean(cases: Int) throws {
        let mixed = try skippedCases(BuiltPlugin.example, cases: UInt64(cases))
        #expect(mixed * 2 > cases && mixed * 30 < cases * 29, "\(mixed) of \(cases)")
        let single = try skippedCases(
            BuiltPlugin.example, cases: UInt64(cases), shape: .fixed(insns: 8, edits: 1, passes: 1))
        #expect(single * 2 > cases && single * 10 < cases * 8, "\(single) of \(cases)")
    }

    @Test func indexMapIsClean() throws { try CleanTests.expectIndexMapIsClean(cases: 2_000) }

    /// Checks the index map in C against random cases and long cases.
    static func expectIndexMapIsClean(cases: UInt64) throws {
        #expect(try skippedCases(BuiltPlugin.indexMap, cases: cases) == 0)
        #expect(
            try skippedCases(BuiltPlugin.indexMap, cases: 3, shape: .fixed(insns: 20_000, edits: 6_000, passes: 2)) == 0
        )
    }

    @Test(arguments: ["passes.jsonl", "far.jsonl", "corners.jsonl"]) func indexMapPassesTheVectors(
        _ file: String
    ) throws {
        let path = "\(BuiltPlugin.package)/Tests/Vectors/\(file)"
        let patcher = try BuiltPlugin(BuiltPlugin.indexMap).load().makePatcher()
        let (input, output, pass) = (ProgramBuffer(), ProgramBuffer(), PassBuffer())
        var count = 0
        for (number, line) in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").enumerated() {
            let c = try ScriptLine.parse(String(line), file: file, number: number + 1)
            input.load(c.program)
            var found: Case.Expectation?
            for edits in c.passes where found == nil {
                pass.load(edits)
                let isMalformed = PassCheck.fault(in: pass.image, on: input.image(as: InputIndex.self)) != nil
                let status = isMalformed ? .einval : patcher.apply(pass.image, to: input.image(), into: output)
                if status != .accepted { found = .error(status) }
                if status == .accepted { input.load(output.image(as: OutputIndex.self)) }
            }
            let result = Program(input.image(as: OutputIndex.self))
            let answer =
                found
                ?? .result(
                    insns: result.insns, aux: result.aux, subprograms: result.subprograms, lines: result.lines)
            let expected = try #require(c.expected, "\(file), \(c.name)")
            if !expected.agrees(with: answer) {
                Issue.record("\(file), \(c.name): expected \(expected), found \(answer)")
                return
            }
            count += 1
        }
        #expect(count > 0)
    }
}

/// The same tests with more cases.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct CleanEnduranceTests {
    @Test func exampleIsClean() throws { try CleanTests.expectExampleIsClean(cases: 30_000) }
    @Test func indexMapIsClean() throws { try CleanTests.expectIndexMapIsClean(cases: 10_000) }
}
