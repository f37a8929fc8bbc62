import BPF
import Fuzzing
import Patching
import TestSupport
import Testing

@testable import Campaign

/// Properties of the pictures of all cases.
@Suite struct CasePicturePropertyTests {
    /// A patcher with one of several kinds of wrong results.
    private static func faultyPatcher(_ way: UInt64) -> BentPatcher {
        switch way % 5 {
        case 0: .firstJump(by: 1)
        case 1: .firstJump(by: 30_000)
        case 2:
            BentPatcher { output in
                let image = output.image(as: OutputIndex.self)
                for slot in 0..<image.insnCount where slot % 3 == 1 { unsafe image.insns[OutputIndex(slot)].imm ^= 5 }
            }
        case 3:
            BentPatcher { output in
                let image = output.image(as: OutputIndex.self)
                unsafe image.aux[OutputIndex(image.insnCount - 1)] &+= 1
                if image.subprogramCount > 1 { output.subprogramCount -= 1 }
                if image.lineCount > 0 { unsafe image.lines[TableIndex(0)].id = 9999 }
            }
        default: BentPatcher { output in if output.insnCount > 1 { output.insnCount -= 1 } }
        }
    }

    private static func check(_ text: String, width: Int, _ context: String) -> Bool {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) where line.count > width {
            Issue.record("\(context): \(line.count) columns instead of \(width)\n\(line)")
            return false
        }
        return true
    }

    @Test func generatedCases() throws { try Self.checkGenerated(400) }

    /// Checks the pictures of random cases.
    static func checkGenerated(_ cases: UInt64) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of CasePicturePropertyTests.generatedCases: \(seed)")
        var fuzzer = Fuzzer(seed: seed, patchers: [])
        let widths = [60, 80, 100, 120, 200]
        for index in 0..<cases {
            let c = fuzzer.makeCase(index: index)
            let width = widths[Int(index % 5)]
            let patchers: [any Patcher] = index % 3 == 0 ? [LinkedList(), KernelArray()] : [faultyPatcher(index)]
            let context = "seed \(seed), index \(index)"
            let text = try CasePicture(c, patchers: patchers, width: width).text()
            guard check(text, width: width, context) else { return }
            if index % 3 == 0 && text.contains("✗ linked-list") { Issue.record("\(context): a finding\n\(text)") }
            if c.program.insns.count <= 30 && width >= 80 {
                guard showsJumps(c.program, text, context) else { return }
                for step in try CaseHistory(c).steps {
                    guard let result = step.result, result.insns.count <= 40 else { break }
                    guard showsJumps(result, text, context) else { return }
                }
            }
        }
    }

    /// Returns true if the picture contains each jump of a program with its target.
    private static func showsJumps(_ program: Program, _ text: String, _ context: String) -> Bool {
        let listing = Listing("", program)
        for arc in listing.arcs {
            // Fields in braces may be shortened.
            let syntax = listing.text(of: arc.source).prefix { $0 != "{" }
            let instruction = " \(listing.name(of: arc.source))  \(syntax)"
            guard text.contains(instruction), text.contains(" L\(arc.target)  ") else {
                Issue.record("\(context): the jump from \(arc.source) to \(arc.target) is not shown\n\(text)")
                return false
            }
        }
        return true
    }

    @Test func hugeNumbersInMalformedEdits() throws {
        let program = Program(insns: [Instruction(code: Opcode.loadImmediate64), .zero, Instruction(code: Opcode.exit)])
        let numbers: [UInt32] = [0, 1, 2, 3, 4, UInt32.max - 1, UInt32.max]
        for off in numbers {
            for remove in numbers {
                for keep in numbers {
                    let edit = Edit(
                        off: InputIndex(rawValue: off), remove: remove,
                        patch: Array(program.insns.prefix(Int(keep % 4))), keep: PatchIndex(rawValue: keep),
                        refs: [Ref(from: PatchIndex(rawValue: keep), to: InputIndex(rawValue: off))], skip: true)
                    let c = Case(program: program, passes: [Pass(edits: [edit, edit])])
                    let text = try CasePicture(c, patchers: [RangeReplace()], width: 60).text()
                    guard Self.check(text, width: 60, "\(edit)"), text.contains("EINVAL, malformed") else {
                        Issue.record("\(edit)\n\(text)")
                        return
                    }
                }
            }
        }
    }

    @Test func farCaseIsShort() throws {
        var insns = (0..<32_767 as Range<Int32>).map { Instruction(code: Opcode.movImmediate64, dst: 1, imm: $0) }
        insns[5] = Instruction(code: Opcode.ja, off: 32_700)
        let edit = Edit(off: InputIndex(20_000), remove: 1, patch: [insns[0], insns[1]])
        let c = Case(program: Program(insns: insns), passes: [Pass(edits: [edit])])
        let plain = try CasePicture(c, patchers: [RangeReplace()]).text().split(separator: "\n")
        #expect(plain.count < 30)
        #expect(plain.contains { $0.contains("… 19,992 slots …") })
        let bent = try CasePicture(c, patchers: [BentPatcher.firstJump(by: 1)]).text().split(separator: "\n")
        #expect(bent.count < 60)
        #expect(bent.contains { $0.contains("✗ must reach 32707 (marker 32706), reaches 32708 (marker 32707)") })
    }

    @Test func coloursOnlyOnRequest() throws {
        var fuzzer = Fuzzer(seed: 3, patchers: [])
        for index in 0..<50 as Range<UInt64> {
            let c = fuzzer.makeCase(index: index)
            let plain = try CasePicture(c, patchers: [Self.faultyPatcher(index)]).text()
            let coloured = try CasePicture(c, patchers: [Self.faultyPatcher(index)], color: true).text()
            #expect(!plain.contains("\u{1b}"))
            #expect(coloured.contains("\u{1b}["))
            #expect(coloured.replacing(/\u{1b}\[[0-9;]*m/, with: "") == plain)
        }
    }

    @Test func targetIsShown() throws {
        let text = """
            # bpf-patch-fuzz case
            target: range-replace

            program
            L0:     goto L0

            pass
            """
        let c = try CaseFile.parse(text, file: "target")
        let patchers: [any Patcher] = [RangeReplace(), BentPatcher.firstJump(by: 1)]
        #expect(try !CasePicture(c, patchers: patchers).text().contains("bent"))
        #expect(
            try CasePicture(c, patchers: patchers, pictureOf: "bent").text().contains("\n  wrong-landing: slot 0 must"))
        #expect(try CasePicture(c, patchers: [patchers[1]]).text().contains("\n  wrong-landing: slot 0 must"))
    }

    @Test func wrongStatusIsReported() throws {
        let text = """
            # bpf-patch-fuzz case

            program
            L0:     goto L1
            L1:     exit

            pass
              delete L1
            """
        let c = try CaseFile.parse(text, file: "status")
        let picture = try CasePicture(c, patchers: [YesPatcher()]).text()
        #expect(picture.contains("✗ yes: a pass with a deleted range is accepted and must be refused with EINVAL"))
        #expect(picture.contains("\n  error: expected einval (dangling), found accepted"))
        #expect(picture.contains("✗ EINVAL: target 1 is gone or in"))
        #expect(picture.contains("actual, from yes"))
    }

    @Test func illFormedProgramIsRefused() {
        let c = Case(program: Program(insns: [Instruction(code: Opcode.ja, off: 9)]), passes: [])
        #expect(throws: ProgramFault(.targetOutside, at: 0)) { try CasePicture(c, patchers: []).text() }
    }
}

/// The same check for more cases.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct CasePictureEnduranceTests {
    @Test(arguments: 0..<4) func generatedCases(part: Int) throws { try CasePicturePropertyTests.checkGenerated(1000) }
}

/// Accepts every pass and changes nothing.
private final class YesPatcher: Patcher {
    let name = "yes"

    func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus {
        output.load(input)
        return .accepted
    }
}
