import BPF
import Fuzzing
import KernelModel
import Patching
import Testing

@testable import Campaign

/// Pictures of kernel cases, drawn without a kernel.
@Suite struct KernelPictureTests {
    /// A case with a bucket, a seen value and some passes.
    private static func text(_ bucket: String, seen: String?, passes: String) -> String {
        """
        # bpf-patch-fuzz case
        target: kernel
        bucket: kernel/\(bucket)
        kernel: 6.18.44
        type: socket_filter
        \(seen.map { "seen: \($0)\n" } ?? "")
        program
        .subprog 0
        .line 0
                call L4
                call L6
                r0 = 1
                exit
        .subprog 1
        .line 1
        L4:     r0 = 2
                exit
        .subprog 2
        .line 2
        L6:     call L4
                r0 = 4
                exit

        \(passes)
        """
    }

    private static let passes = """
        pass
          delete 2

        pass
          insert at 5, jumps skip
                  *(u64 *)(r10 - 16) = 65535
                  *(u64 *)(r10 - 8) = 0

        """

    /// A call with a wrong target is drawn side by side with the correct one.
    @Test func wrongLanding() throws {
        let text = Self.text("wrong-landing/call-backward/insert-skip", seen: "slot 7 call +1", passes: Self.passes)
        #expect(
            try goldenPicture(text, [KernelArray(), RangeReplace()], width: 110) == """
                bucket kernel/wrong-landing/call-backward/insert-skip
                a backward call to or across an insertion that jumps skip lands on a wrong instruction
                ✗ kernel 6.18.44: wrong-landing
                  slot 7 `call L9` must reach slot 3, reaches slot 9
                ✓ the built-in patchers are correct: kernel-array, range-replace

                ── pass 1 of 2: 1 edit, 9 slots → 8 ──────────────────────────────────────────────────────────────────────────
                input                  line                      result                 line
                           .subprog 0                                       .subprog 0
                ╔═════    0  call L4   0                         ╔═════    0  call L3   0
                ║ ╔═══    1  call L6                             ║ ╔═══    1  call L5
                ║ ║    -  2  r0 = 1          ╶ edit 1: delete 2  ║ ║
                ║ ║       3  exit                                ║ ║       2  exit
                ║ ║        .subprog 1                            ║ ║        .subprog 1
                ╠═║══►   L4  r0 = 2    1                         ╠═║══►   L3  r0 = 2    1
                ║ ║       5  exit                                ║ ║       4  exit
                ║ ║        .subprog 2                            ║ ║        .subprog 2
                ╚═╩═◄►   L6  call L4   2                         ╚═╩═◄►   L5  call L3   2
                          7  r0 = 4                                        6  r0 = 4
                          8  exit                                          7  exit

                ── pass 2 of 2: 1 edit, 8 slots → 10 ─────────────────────────────────────────────────────────────────────────
                input                  line                                  result                                   line
                           .subprog 0                                                   .subprog 0
                ╔═════    0  call L3   0                                     ╔═════    0  call L3                     0
                ║ ╔═══    1  call L5                                         ║ ╔═══    1  call L5
                ║ ║       2  exit                                            ║ ║       2  exit
                ║ ║        .subprog 1                                        ║ ║        .subprog 1
                ╠═║══►   L3  r0 = 2    1                                     ╠═║══►   L3  r0 = 2                      1
                ║ ║       4  exit                                            ║ ║       4  exit
                ║ ║                                                          ║ ║        .subprog 2
                ║ ║                          ┌ edit 1: insert 2 before 5 P0  ║ ╚══► + L5  *(u64 *)(r10 - 16) = 65535  2
                ║ ║                          └ jumps skip                P1  ║      +  6  *(u64 *)(r10 - 8) = 0
                ║ ║        .subprog 2                                        ║
                ╚═╩═◄►   L5  call L3   2                                     ╚═════    7  call L3
                          6  r0 = 4                                                    8  r0 = 4
                          7  exit                                                      9  exit

                ── kernel 6.18.44: wrong-landing ─────────────────────────────────────────────────────────────────────────────
                must be                                    line   the kernel gives                         line
                             .subprog 0                         │            .subprog 0
                    ╔═══    0  call L3                     0    │   ╔═══    0  call L3                     0
                  ╔═║═══    1  call L5                          │ ╔═║═══    1  call L5
                  ║ ║       2  exit                             │ ║ ║       2  exit
                  ║ ║        .subprog 1                         │ ║ ║        .subprog 1
                ┏━║━╩━━►   L3  r0 = 2                      1    │ ║ ╚══►   L3  r0 = 2                      1
                ┃ ║         4  exit                             │ ║         4  exit
                ┃ ║          .subprog 2                         │ ║          .subprog 2
                ┃ ╚════►   L5  *(u64 *)(r10 - 16) = 65535  2    │ ╚════►   L5  *(u64 *)(r10 - 16) = 65535  2
                ┃           6  *(u64 *)(r10 - 8) = 0            │           6  *(u64 *)(r10 - 8) = 0
                ┗━━━━━━━    7  call L3                          │   ┏━━━ ✗  7  call L9
                                                                │   ┃      ✗ must reach 3 (marker 2), reaches 9 (marker 0)
                            8  r0 = 4                           │   ┃       8  r0 = 4
                            9  exit                             │   ┗━━✗   L9  exit

                """)
    }

    /// The header by rule and seen value, and the note at the wrong place in the picture.
    @Test(
        arguments: [
            (
                "subprogram/start/insert-skip", "subprogram 2 at 7",
                "subprogram\n  subprogram 2 must start at slot 5, starts at slot 7\n",
                "✗ subprogram 2 must start at 5, is at 7"
            ),
            (
                "subprogram/start/none", "subprogram 1 missing",
                "subprogram\n  subprogram 1 must start at slot 3, is missing\n",
                "✗ subprogram 1 is missing, must start at 3"
            ),
            (
                "line/record/patch", "line 1 id 1 at 4",
                "line\n  line record 1 must be line 1 at slot 3, is line 1 at slot 4\n",
                "✗ line record 1 must be at 3, is at 4"
            ),
            (
                "line/record/patch", "line 7 id 7 at 4",
                "line\n  line record 7 must be gone, is line 7 at slot 4\n",
                "✗ line record 7 at 4 must not be here"
            ),
            (
                "encoding/alu64/none", "slot 8 r0 = 5",
                "encoding\n  slot 8 must be `r0 = 4`, is `r0 = 5`\n",
                "✗ must be `r0 = 4`, is `r0 = 5`"
            ),
            // A compiled call of an earlier file holds its offset in `off`.
            (
                "wrong-landing/call/none", "slot 7 call +2 {off=1}",
                "wrong-landing\n  slot 7 `call L10 {off=1}` must reach slot 3, reaches slot 9\n",
                "✗ must reach 3 (marker 2), reaches 9 (marker 0)"
            ),
            // A correct value is not called wrong. An earlier version stored the wrong slot.
            (
                "wrong-landing/call/none", "slot 7 call -5",
                "wrong-landing\n  the file is contradictory: its seen and correct values are both slot 7",
                nil
            ),
            ("crash/sigsegv/none", nil, "crash\n  loading the program must end with a result, ends the process\n", nil),
            ("hang/none/none", nil, "hang\n  loading the program must end in time, goes on without end\n", nil),
            (
                "execution/xdp/none", nil,
                "execution\n  the program must return the same value as without the rewrites, returns another value\n",
                nil
            ),
        ] as [(String, String?, String, String?)])
    func head(bucket: String, seen: String?, words: String, note: String?) throws {
        let text = Self.text(bucket, seen: seen, passes: Self.passes)
        let picture = try goldenPicture(text, [KernelArray()], width: 160)
        #expect(picture.contains("✗ kernel 6.18.44: \(words)"), "\(picture)")
        #expect(picture.contains("✓ the built-in patchers are correct: kernel-array\n"))
        #expect(!picture.contains("as it must be"))
        if let note {
            #expect(picture.contains("\n── kernel 6.18.44: ") && picture.contains(note), "\(picture)")
        } else {
            #expect(picture.count { $0 == "✗" } == 1, "\(picture)")
        }
    }

    /// The kernel's program is printed unchanged and drawn beside the correct slots.
    @Test func compiledCall() throws {
        let gives = """

            gives
            .subprog 0
            .line 0
                    call L3
                    call L5
                    exit
            .subprog 1
            .line 1
            L3:     r0 = 2
                    exit
            .subprog 2
            .line 2
            L5:     *(u64 *)(r10 - 16) = 65535
                    *(u64 *)(r10 - 8) = 0
                    call L5
                    r0 = 4
                    exit
            """
        let expect = gives.replacing("gives", with: "expect").replacing(
            "call L5\n        r0 = 4", with: "call L3\n        r0 = 4")
        let seen = "slot 7 call +2 {off=-3}\nmust: slot 7 call +1 {off=-5}"
        let text = Self.text(
            "wrong-landing/call-backward/none", seen: seen, passes: Self.passes + expect + "\n" + gives)
        let picture = try goldenPicture(text, [KernelArray()], width: 160)
        #expect(
            picture.contains(
                "  slot 7 `call L5` must reach slot 3 `r0 = 2` of subprogram 1, reaches slot 5 "
                    + "`*(u64 *)(r10 - 16) = 65535` of subprogram 2\n"), "\(picture)")
        #expect(picture.contains("✗ must reach 3 (marker 2), reaches 5 (marker 65535)"), "\(picture)")
        let c = try CaseFile.parse(text, file: "call")
        let program = try #require(KernelReproducer.text(of: c, file: "call.c"))
        #expect(
            program.contains("\"slot 7 `call L5` must reach slot 3 `r0 = 2` of subprogram 1, reaches slot 5"),
            "\(program)")
        #expect(program.contains("seen = { .kind = INSN, .place = 7, .insn = { 0x85, 0, 1, -3, 2 } }"))
        #expect(program.contains("must = { .kind = INSN, .place = 7, .insn = { 0x85, 0, 1, -5, 1 } }"))
    }

    /// Wide loads of functions, maps and numbers are one instruction in the header and in the picture.
    @Test func wideLoads() throws {
        let text = """
            target: kernel
            bucket: kernel/wrong-landing/pseudo-func-forward/delete
            kernel: 6.18.44
            type: socket_filter
            seen: slot 0 insn 0x18 dst 2 src 4 off 0 imm +5

            program
            .subprog 0
                    r2 = L6 ll
                    r1 = 2 ll {src=5}
                    r0 = 1
                    exit
            .subprog 1
            L6:     r0 = 2
                    exit

            pass
              delete L6 count 2

            expect EINVAL

            gives
            .subprog 0
                    r2 = subprog +5 ll
                    r1 = 2 ll {src=5}
                    r0 = 1
                    exit

            """
        let picture = try goldenPicture(text)
        #expect(
            picture.contains(
                "  slot 0 `r2 = L6 ll` reaches slot 6\n  the rules refuse the edits that it made: EINVAL\n"))
        #expect(picture.contains("── the kernel gives ──") && picture.contains("✗ 0  r2 = subprog +5 ll"), "\(picture)")
        #expect(picture.contains("✗ reaches 6, outside the program"))
        #expect(picture.contains("r1 = map lruHash ll") && !picture.contains("0x18"), "\(picture)")
    }

    /// Comment, conditions and the report of a sanitizer are printed with the case.
    @Test func textsOfTheFileArePrinted() throws {
        let text = """
            name: one
            target: other
            conditions: beyond-contract, fail-alloc 7
            report: ERROR: AddressSanitizer
            report: "  #0 in patch"
            # A fault with a
            # long description.
            #
            # And more.

            program
                    exit
            """
        let picture = try CasePicture(try CaseFile.parse(text, file: "words"), patchers: []).text()
        #expect(picture.contains("\nconditions: beyond-contract, fail-alloc 7\n"))
        #expect(picture.contains("\n\nA fault with a long description.\n\nAnd more.\n\n"), "\(picture)")
        #expect(picture.contains("\nERROR: AddressSanitizer\n#0 in patch\n"), "\(picture)")
    }

    /// For a case with a wrong expectation, the first difference is printed with both values.
    @Test func wrongExpectationIsReported() throws {
        let text =
            "program\n    r1 = 1\n    r2 = 5 ll\n    exit\n\npass\n\nexpect\n    r1 = 1\n    r2 = 6 ll\n    exit\n"
        let c = try CaseFile.parse(text, file: "wrong")
        let words = try #require(try CasePicture(c, patchers: []).expectationFault())
        #expect(words.hasPrefix("slot 1: ") && words.contains("r2 = 6 ll") && words.contains("r2 = 5 ll"), "\(words)")
        #expect(try CasePicture(c, patchers: []).text().hasPrefix("✗ \(words)\n"))
    }

    /// A patcher that ran no pass is reported as not run, not as correct.
    @Test func skippedPatcherIsNamed() throws {
        let text = "program\n    r1 = 1\n    exit\n\npass\n  delete 7\n"
        let picture = try goldenPicture(text, [KernelArray(), RangeReplace()], width: 140)
        #expect(picture.contains("– not run: \(SkipReason.malformed)\n") && !picture.contains("✓"), "\(picture)")
    }

    /// A refused program is shown whole with the verifier's message, and no patcher is called correct.
    @Test func refusal() throws {
        let seen = "refusal \"verifier bug: no \\\"program\\\"\""
        let picture = try goldenPicture(Self.text("error/verifier-bug/no", seen: seen, passes: ""), [KernelArray()])
        #expect(
            picture == """
                bucket kernel/error/verifier-bug/no
                the verifier reports a bug of its own: no
                ✗ kernel 6.18.44: error
                  the program must be accepted, is refused: verifier bug: no "program"

                ── no passes ───────────────────────────────────────────────────────────────────────────────────────
                           .subprog 0
                ╔═════    0  call L4   0
                ║ ╔═══    1  call L6
                ║ ║       2  r0 = 1
                ║ ║       3  exit
                ║ ║        .subprog 1
                ╠═║══►   L4  r0 = 2    1
                ║ ║       5  exit
                ║ ║        .subprog 2
                ╚═╩═◄►   L6  call L4   2
                          7  r0 = 4
                          8  exit

                """)
    }

    /// A kernel verdict has the colour of other wrong verdicts.
    @Test func colour() throws {
        let c = try CaseFile.parse(Self.text("hang/none/none", seen: nil, passes: ""), file: "colour")
        let picture = try CasePicture(c, patchers: [], color: true).text()
        #expect(picture.contains("\u{1b}[1;31m✗ kernel 6.18.44: hang"))
    }

    /// A long program with jumps everywhere is folded; the wrong slot is shown with its neighbours.
    @Test func farProgramIsFolded() throws {
        var insns = (0..<30_000 as Range<Int32>).map { number in
            number % 3 == 0
                ? Instruction(code: Opcode.ja, off: 1) : Instruction(code: Opcode.movImmediate64, dst: 1, imm: number)
        }
        insns.append(Instruction(code: Opcode.exit))
        let program = Program(insns: insns)
        var c = Case(LoadableProgram(program: program))
        c.bucket = "kernel/wrong-landing/ja/none"
        c.passes = [Pass(edits: [Edit(off: InputIndex(100), remove: 1, patch: [insns[1], insns[1]])])]
        c.loading?.seen = .insn(slot: 15_001, Instruction(code: Opcode.ja, off: 3))
        let lines = try CasePicture(c, patchers: []).text().split(separator: "\n")
        // The pass, and the comparison with the kernel's result.
        #expect(lines.count < 80)
        let mark = try #require(lines.firstIndex { $0.contains("✗  15001  goto L15005") })
        #expect(lines[mark].contains("15001  goto L15003") && lines[mark - 1].contains("L15000  "))
        #expect(lines[mark + 1].contains("✗ must reach 15003"))
    }
}
