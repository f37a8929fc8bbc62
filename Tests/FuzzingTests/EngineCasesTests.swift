import BPF
import Foundation
import Patching
import Testing

@testable import Fuzzing

/// Cases of fuzzing engines: byte strings of choices, and texts.
struct EngineCasesTests {
    private static let few = CaseLimits(capabilities: [.delete, .refuses])
    private static let limits: [[CaseLimits]] = [
        [CaseLimits()], [CaseLimits(), few], [few, CaseLimits(), CaseLimits(capabilities: [.insert, .range])],
    ]

    /// The written choices of an index make the same case as the index.
    @Test(arguments: limits.indices) func choicesMakeTheCaseOfAnIndex(_ number: Int) {
        let limits = Self.limits[number]
        var cases = EngineCases(limits: limits)
        var shortest = Int.max
        for seed in [1, 2019] as [UInt64] {
            var fuzzer = Fuzzer(seed: seed, limits: limits, patchers: [])
            for index in 0..<400 as Range<UInt64> {
                let c = fuzzer.makeCase(index: index)
                let (bytes, isText) = cases.input(of: c)
                #expect(!isText, "seed \(seed), index \(index)")
                let again = cases.makeCase(bytes)
                #expect(again.program == c.program && again.passes == c.passes, "seed \(seed), index \(index)")
                shortest = min(shortest, bytes.count)
                if isText { return }
            }
        }
        #expect(shortest > 20)
    }

    /// Exported choices are read from the comment of the file; a changed program is no longer made by them.
    @Test func commentHasTheChoices() throws {
        var cases = EngineCases(limits: [CaseLimits()])
        var numbers = SystemRandomNumberGenerator()
        for length in [0, 1, 7, 50, 400, 3000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            let c = try CaseFile.parse(CaseFile.print(cases.makeCase(bytes)), file: "exported")
            #expect(EngineCases.choices(c.comment) == bytes)
            let (again, isText) = cases.input(of: c)
            #expect(again == bytes && !isText)
            var other = c
            other.program.insns[0].imm &+= 1
            let (text, isOtherText) = cases.input(of: other)
            #expect(isOtherText && EngineInput.text(text)?.program == other.program)
        }
        for comment in ["choices:\n0", "choices:\n0x", "text", "choices\n00"] {
            #expect(EngineCases.choices(comment) == nil, "\(comment)")
        }
    }

    /// A text is its case; a damaged one is a string of choices like any other.
    @Test func textIsItsCase() throws {
        let text = "# bpf-patch-fuzz case\n\nprogram\n    goto L1\nL1: exit\n\npass\n"
        var cases = EngineCases(limits: [CaseLimits()])
        let c = try CaseFile.parse(text, file: "text")
        #expect(cases.makeCase(Array(text.utf8)).program == c.program)
        let damaged = Array(text.utf8.dropLast(9)) + Array("pas\n".utf8)
        #expect(EngineInput.text(damaged) == nil)
        #expect(cases.makeCase(damaged).program != c.program)
    }

    private static let names: [(name: String, isInput: Bool)] = [
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", true), ("crash-da39a3ee5e6b4b0d3255bfef95601890afd80709", true),
        ("slow-unit-da39a3ee5e6b4b0d3255bfef95601890afd80709", true),
        ("id:000000,time:0,execs:0,orig:small", true), ("id_000012,sig_06", true),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709.case", false), ("id:12", false), ("README.txt", false),
        ("crash-1", false), ("a.case", false), ("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", false),
    ]

    @Test(arguments: names.indices) func namesOfEnginesAreKnown(_ number: Int) {
        #expect(EngineInput.isName(Self.names[number].name) == Self.names[number].isInput)
    }
}
