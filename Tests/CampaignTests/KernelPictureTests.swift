import BPF
import Fuzzing
import Patching
import Testing

@testable import Campaign

/// Pictures of cases against a running kernel, which is not asked.
@Suite struct KernelPictureTests {
    /// A case with some words of its header and some passes.
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

    /// A call that the kernel let go elsewhere is marked where it stands, with both ways.
    @Test func wrongLanding() throws {
        let text = Self.text("wrong-landing/call-backward/insert-skip", seen: "slot 7 call +1", passes: Self.passes)
        #expect(
            try goldenPicture(text, [KernelArray(), RangeReplace()], width: 110) == """
                bucket kernel/wrong-landing/call-backward/insert-skip
                ✗ kernel 6.18.44: wrong-landing: slot 7 call +1 (must be: call -5)
                ✓ the built-in patchers do as the rules have it: kernel-array, range-replace

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
                input                  line                                  result                                     line
                           .subprog 0                                                     .subprog 0
                ╔═════    0  call L3   0                                         ╔═══    0  call L3                     0
                ║ ╔═══    1  call L5                                           ╔═║═══    1  call L5
                ║ ║       2  exit                                              ║ ║       2  exit
                ║ ║        .subprog 1                                          ║ ║        .subprog 1
                ╠═║══►   L3  r0 = 2    1                                     ┏━║━╩━━►   L3  r0 = 2                      1
                ║ ║       4  exit                                            ┃ ║         4  exit
                ║ ║                                                          ┃ ║          .subprog 2
                ║ ║                          ┌ edit 1: insert 2 before 5 P0  ┃ ╚════► + L5  *(u64 *)(r10 - 16) = 65535  2
                ║ ║                          └ jumps skip                P1  ┃        +  6  *(u64 *)(r10 - 8) = 0
                ║ ║        .subprog 2                                        ┃
                ╚═╩═◄►   L5  call L3   2                                     ┗━━━┳━━━ ✗  7  call L3
                                                                                 ┃      ✗ the kernel has `call L9` here
                          6  r0 = 4                                              ┃       8  r0 = 4
                          7  exit                                                ┗━━✗    9  exit

                """)
    }

    /// What stands at the head, by rule and what was seen.
    @Test(
        arguments: [
            ("subprogram/start/insert-skip", "subprogram 2 at 7", "subprogram: subprogram 2 at 7 (must be: at 5)", 2),
            ("subprogram/start/none", "subprogram 1 missing", "subprogram: subprogram 1 missing (must be: at 3)", 2),
            ("line/record/patch", "line 1 id 1 at 4", "line: line 1 id 1 at 4 (must be: id 1 at 3)", 2),
            ("line/record/patch", "line 7 id 7 at 4", "line: line 7 id 7 at 4 (must be: none)", 2),
            ("encoding/alu64/none", "slot 8 r0 = 5", "encoding: slot 8 r0 = 5 (must be: r0 = 4)", 2),
            ("wrong-landing/call/none", "slot 7 call -5", "wrong-landing: slot 7 call -5 (as it must be)", 1),
            ("crash/sigsegv/none", nil, "crash: loading the program ended the process", 1),
            ("hang/none/none", nil, "hang: loading the program came to no end", 1),
            (
                "execution/xdp/none", nil,
                "execution: the program gave another value than it gives without the rewrites", 1
            ),
        ] as [(String, String?, String, Int)])
    func head(bucket: String, seen: String?, words: String, crosses: Int) throws {
        let picture = try goldenPicture(Self.text(bucket, seen: seen, passes: Self.passes), [KernelArray()])
        #expect(picture.contains("✗ kernel 6.18.44: \(words)\n"))
        #expect(picture.contains("✓ the built-in patchers do as the rules have it: kernel-array\n"))
        #expect(picture.split(separator: "\n").count { $0.contains("✗") } == 1 + (crosses - 1) * 2)
    }

    /// A program that was refused is shown whole, with the verifier's words, and nobody is said to be right.
    @Test func refusal() throws {
        let seen = "refusal \"verifier bug: no \\\"program\\\"\""
        let picture = try goldenPicture(Self.text("error/verifier-bug/no", seen: seen, passes: ""), [KernelArray()])
        #expect(
            picture == """
                bucket kernel/error/verifier-bug/no
                ✗ kernel 6.18.44: error: refused, and the verifier says: verifier bug: no "program"
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

    /// What is wrong is as red as other verdicts.
    @Test func colour() throws {
        let c = try CaseFile.parse(Self.text("hang/none/none", seen: nil, passes: ""), file: "colour")
        let picture = try CasePicture(c, patchers: [], color: true).text()
        #expect(picture.contains("\u{1b}[1;31m✗ kernel 6.18.44: hang: "))
    }

    /// Jumps that are everywhere do not keep a far program from being folded; the wrong slot stays with its neighbours.
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
        c.loading?.sight = .insn(slot: 15_001, Instruction(code: Opcode.ja, off: 3))
        let lines = try CasePicture(c, patchers: []).text().split(separator: "\n")
        #expect(lines.count < 40)
        let mark = try #require(lines.firstIndex { $0.contains("✗  15001  goto L15003") })
        #expect(lines[mark - 1].contains("L15000  ") && lines[mark + 1].contains("✗ the kernel has `goto L15005` here"))
    }
}
