import BPF
import Foundation
import Fuzzing
import Patching
import Testing

/// The syntax of case files: the canonical form and the accepted spellings.
@Suite struct CaseFileSyntaxTests {
    static let canonical = """
        # bpf-patch-fuzz case
        name: every form once
        target: delta-array
        bucket: delta-array/wrong-landing/ja-forward/delete
        seed: 42
        index: 17

        program
        .subprog 100
        .line 500
        L0:     r1 = 1001                               .aux 7
        L1:     if r1 > 7 goto L4                       .aux 8
        .line 501
        L2:     r2 = 5 ll                               .aux 9 10
        L4:     .fill 10 r1 = -3                        .aux 20
                call L15
        .subprog 101
        L15:    exit {imm=4}
                insn 0x0e dst 0 src 0 off L15 imm 77

        pass
          replace L0 with
                  r2 = 7
                  kept
          P2:     goto @L1
                  goto P2
                  if r1 > 7 goto out
          delete L1, jumps skip
          replace L2 count 2, keep 7 with
                  insn 0x00 dst 0 src 0 off 0 imm 0
                  call +5
                  call @L15
                  goto +0
                  ref 9 99
                  ref 3 L1
          insert at L4, jumps skip
                  .fill 8 r1 = 0
          insert at L15
          append
                  goto +5

        pass

        pass
          append
                  r1 = 1
          insert at 5
                  goto @7

        expect insns subprograms
                r1 = 1

        """

    @Test func canonicalText() throws {
        let c = try CaseFile.parse(Self.canonical, file: "canonical.case")
        #expect(CaseFile.print(c) == Self.canonical)
        #expect(c.name == "every form once")
        #expect(c.target == "delta-array")
        #expect(c.origin == Case.Origin(seed: 42, index: 17))
        #expect(c.program.insns.count == 17)
        #expect(c.program.insns[1] == Instruction(code: 0x25, dst: 1, off: 2, imm: 7))
        #expect(c.program.insns[14] == Instruction(code: 0x85, src: 1))
        #expect(c.program.insns[16] == Instruction(code: 0x0e, off: -2, imm: 77))
        #expect(c.program.aux == [7, 8, 9, 10, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 0, 0, 0])
        #expect(c.program.subprograms == [Subprogram(start: 0, id: 100), Subprogram(start: 15, id: 101)])
        #expect(c.program.lines == [LineRecord(insnOff: 0, id: 500), LineRecord(insnOff: 2, id: 501)])
        let edits = c.passes[0].edits
        #expect(edits[0].keep == PatchIndex(1))
        #expect(edits[0].refs == [Ref(from: PatchIndex(2), to: InputIndex(1))])
        #expect(edits[0].patch[3] == Instruction(code: 0x05, off: -2))
        #expect(edits[0].patch[4] == Instruction(code: 0x25, dst: 1, off: 0, imm: 7))
        #expect(edits[1] == Edit(off: InputIndex(1), remove: 1, skip: true))
        #expect(edits[2].keep == PatchIndex(7))
        let refs = [(2, 15), (9, 99), (3, 1)].map { Ref(from: PatchIndex($0), to: InputIndex($1)) }
        #expect(edits[2].refs == refs)
        #expect(edits[4] == Edit(off: InputIndex(15), remove: 0))
        #expect(edits[5].off == InputIndex(17))
        // 17 slots, and the difference that the first pass makes.
        #expect(c.passes[2].edits[0].off == InputIndex(17 + 4 - 1 + 2 + 8 + 1))
        #expect(
            c.expected
                == .result(
                    insns: [Instruction(code: 0xb7, dst: 1, imm: 1)], aux: nil,
                    subprograms: [Subprogram(start: 0, id: 0)], lines: nil))
    }

    /// Accepted spellings, and the canonical lines from `program` on.
    static let spellings: [(String, String)] = [
        (
            """
            program
            loop: r1 += 1
             if r1 < 7 goto loop
            end: out: exit
            pass
             delete loop count 2
             insert at end
            goto @loop
            """,
            """
            program
            L0:     r1 += 1
                    if r1 < 7 goto L0
            L2:     exit

            pass
              delete L0 count 2
              insert at L2
                      goto @L0

            """
        ),
        (
            """
            program
             goto out
            out:
             exit
            """,
            """
            program
                    goto L1
            L1:     exit

            """
        ),
        (
            "program\r\n\texit\r\npass\r\nexpect EINVAL\r\n",
            """
            program
                    exit

            pass

            expect EINVAL

            """
        ),
        (
            """
            program
            exit # a comment
            # another

            expect nothing
            """,
            """
            program
                    exit

            expect nothing

            """
        ),
        (
            """
            program
            .subprog none
            .line 5 at 9
            .line 6
            exit .aux 0
            """,
            """
            program
            .subprog none
            .line 5 at 9
            .line 6 at 0
                    exit

            """
        ),
        (
            """
            program
            .subprog 0
            exit
            .auxtable 1 2
            """,
            """
            program
            .auxtable 1 2
                    exit

            """
        ),
        (
            """
            program
            r1 = 5 ll
             goto -2
            """,
            """
            program
                    r1 = 5 ll
                    goto -2

            """
        ),
        (
            """
            program
            insn 0x18 dst 1 imm 5
            .line 3
            insn 0
            """,
            """
            program
                    insn 0x18 dst 1 src 0 off 0 imm 5
            .line 3
                    insn 0x00 dst 0 src 0 off 0 imm 0

            """
        ),
        (
            """
            program
             goto end
            end:
            """,
            """
            program
                    goto L1
            L1:

            """
        ),
        (
            """
            program
            exit
            pass
             replace 0 with
             goto out
            P: r1 = 1
            ref 0 0
            wait: goto wait
            """,
            """
            program
            L0:     exit

            pass
              replace L0 with
                      goto @L0
                      r1 = 1
              P2:     goto P2

            """
        ),
    ]

    @Test(arguments: spellings) func spelling(_ pair: (String, String)) throws {
        let text = CaseFile.print(try CaseFile.parse(pair.0, file: "c"))
        #expect(text == "# bpf-patch-fuzz case\n\n" + pair.1)
    }

    /// The example of the article is parsed and is canonical.
    @Test func article() throws {
        let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Fuzzing/Fuzzing.docc/CaseFiles.md")
        let text = try String(contentsOf: article, encoding: .utf8)
        let example = text.split(separator: "```", omittingEmptySubsequences: false)[1]
        let c = try CaseFile.parse(String(example), file: "CaseFiles.md")
        #expect(c.program.fault() == nil)
        #expect(c.passes.map(\.edits.count) == [4, 1])
        // Printing it reproduces the text without its comments.
        let plain = example.split(separator: "\n").map { line in
            var text = line.hasPrefix("#") ? line : line.prefix { $0 != "#" }
            while text.last == " " { text.removeLast() }
            return String(text)
        }
        #expect(CaseFile.print(c).split(separator: "\n").map(String.init) == plain)
    }

    @Test func quotedNames() throws {
        for name in ["a # b", "say \"hi\"", " x ", "\"", "\\n", "two\nlines", "é", "tab\t", "\u{1}"] {
            let c = Case(name: name, target: name, program: Program(insns: []), passes: [])
            #expect(try CaseFile.parse(CaseFile.print(c), file: "c") == c)
        }
    }
}
