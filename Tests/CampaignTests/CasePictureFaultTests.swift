import BPF
import Fuzzing
import Patching
import Testing

@testable import Campaign

/// Pictures of wrong results, character by character.
@Suite struct CasePictureFaultTests {
    /// A wrong jump is drawn heavy on both sides and described in a note.
    @Test func wrongJump() throws {
        let text = try goldenPicture(
            loopCase, [BentPatcher.firstJump(by: 1)], width: 106)
        #expect(
            text == """
                a loop whose head is replaced
                ✗ bent: a forward conditional jump that its patch keeps, to an insertion that jumps skip, lands one
                  instruction too late
                  wrong-landing: slot 2 must reach 11 (marker 9), reaches 12 (marker 0)

                ── pass 1 of 1: 3 edits, 13 slots → 17 ───────────────────────────────────────────────────────────────────
                input                                                                  result
                            .subprog 100                                                           .subprog 100
                           0  r1 = 1001                                                           0  r1 = 1001
                                                  ┌ edit 1: replace 1 by 4    P0          ╭─► +  L1  r9 = 2001
                ╭──┬◄► =  L1  if r1 > 7 goto L7   │ kept at P1                P1 kept  ╭──│── =   2  if r1 > 7 goto L11
                │  │                              │                           P2 out   │╭─│── +   3  goto L5
                │  │                              └                           P3 @7    ├│─│── +   4  if r9 == 1 goto L11
                │ ╭│─►    L2  r2 = 5 ll                                                │├─│─►    L5  r2 = 5 ll
                │ ││   -   4  r3 = 3              ╶ edit 2: delete 4                   ││ │
                │╔││══     5  call L9                                                  ││╔│══     7  call L13
                │║│╰──     6  may_goto L1                                              ││║╰──     8  may_goto L1
                │║│                               ┌ edit 3: insert 2 before 7 P0       ││║    +   9  r9 = 2005
                │║│                               └ jumps skip                P1       ││║    +  10  r9 = 2006
                ╰║┴─◄►    L7  if r1 < 9 goto L2                                        ╰┴║─◄►   L11  if r1 < 9 goto L5
                 ║         8  exit                                                       ║       12  exit
                 ║          .subprog 101                                                 ║         .subprog 101
                 ╚═══►    L9  r5 = 1010                                                  ╚══►   L13  r5 = 1010
                   ╭─►   L10  r1 += 1                                                     ╭─►   L14  r1 += 1
                   ╰──    11  if r1 < 7 goto L10                                          ╰──    15  if r1 < 7 goto L14
                          12  exit                                                               16  exit

                ── bent: wrong-landing ───────────────────────────────────────────────────────────────────────────────────
                must be                                  line   bent gives                               line
                                  .subprog 100                │                   .subprog 100
                                 0  r1 = 1001            500  │                  0  r1 = 1001            500
                      ╭────►    L1  r9 = 2001                 │       ╭────►    L1  r9 = 2001
                ┏━━━━━│━━━━━     2  if r1 > 7 goto L11        │ ┏━━━━━│━━━━━ ✗   2  if r1 > 7 goto L12
                ┃     │                                       │ ┃     │        ✗ must reach 11 (marker 9), reaches 12
                ┃     │                                       │ ┃     │        (marker 0)
                ┃   ╭─│─────     3  goto L5                   │ ┃   ╭─│─────     3  goto L5
                ┃   │ │ ╭───     4  if r9 == 1 goto L11       │ ┃   │ │ ╭───     4  if r9 == 1 goto L11
                ┃   ├─│─│──►    L5  r2 = 5 ll            501  │ ┃   ├─│─│──►    L5  r2 = 5 ll            501
                ┃ ╔═│═│═│═══     7  call L13                  │ ┃ ╔═│═│═│═══     7  call L13
                ┃ ║ │ ╰─│───     8  may_goto L1               │ ┃ ║ │ ╰─│───     8  may_goto L1
                ┃ ║ │   │        9  r9 = 2005                 │ ┃ ║ │   │        9  r9 = 2005
                ┃ ║ │   │       10  r9 = 2006                 │ ┃ ║ │   │       10  r9 = 2006
                ┗━║━┴━━━┴━◄►   L11  if r1 < 9 goto L5         │ ┃ ║ ╰───┴─◄►   L11  if r1 < 9 goto L5
                  ║             12  exit                      │ ┗━║━━━━━━━━✗   L12  exit
                  ║               .subprog 101                │   ║               .subprog 101
                  ╚════════►   L13  r5 = 1010                 │   ╚════════►   L13  r5 = 1010
                        ╭──►   L14  r1 += 1                   │         ╭──►   L14  r1 += 1
                        ╰───    15  if r1 < 7 goto L14        │         ╰───    15  if r1 < 7 goto L14
                                16  exit                      │                 16  exit

                """)
    }

    /// Wrong aux words, subprograms and line records are described in notes.
    @Test func tables() throws {
        let text = try goldenPicture(
            """
            # bpf-patch-fuzz case
            name: what travels along

            program
            .subprog 100
            .line 500
            L0:     r1 = 1                                  .aux 7
                    call L4                                 .aux 8
            .line 501
                    r2 = 2                                  .aux 9
                    exit                                    .aux 10
            .subprog 101
            L4:     r0 = 0                                  .aux 11
                    exit                                    .aux 12

            pass
              insert at L4
                      r9 = 1

            """,
            [
                BentPatcher("careless") { output in
                    let image = output.image(as: OutputIndex.self)
                    unsafe image.aux[OutputIndex(2)] = 10
                    unsafe image.subprograms[TableIndex(1)].start = 5
                    output.lineCount = 1
                }
            ])
        #expect(
            text == """
                what travels along
                ✗ careless: the aux word of a 64-bit ALU instruction near an insertion is wrong
                  aux: word 9 of slot 2 became 10

                ── pass 1 of 1: 1 edit, 6 slots → 7 ────────────────────────────────────────────────────────────────
                input                  line                                  result                 line
                         .subprog 100                                                 .subprog 100
                        0  r1 = 1      500                                           0  r1 = 1      500
                ╔═══    1  call L4                                           ╔═══    1  call L4
                ║       2  r2 = 2      501                                   ║       2  r2 = 2      501
                ║       3  exit                                              ║       3  exit
                ║                                                            ║        .subprog 101
                ║                            ╶ edit 1: insert 1 before 4 P0  ╚══► + L4  r9 = 1
                ║        .subprog 101
                ╚══►   L4  r0 = 0                                                    5  r0 = 0
                        5  exit                                                      6  exit

                ── careless: aux ───────────────────────────────────────────────────────────────────────────────────
                must be                aux  line   careless gives         aux  line
                         .subprog 100            │          .subprog 100
                        0  r1 = 1      7    500  │         0  r1 = 1      7    500
                ╔═══    1  call L4     8         │ ╔═══    1  call L4     8
                ║       2  r2 = 2      9    501  │ ║    ✗  2  r2 = 2      10
                ║                                │ ║      ✗ aux word must be 9, is 10
                ║                                │ ║      ✗ line record 501 is missing, must be at 2
                ║       3  exit        10        │ ║       3  exit        10
                ║        .subprog 101            │ ║
                ╚══►   L4  r9 = 1      0         │ ╚══►   L4  r9 = 1      0
                                                 │          .subprog 101
                        5  r0 = 0      11        │      ✗  5  r0 = 0      11
                                                 │        ✗ subprogram 101 must start at 4, is at 5
                        6  exit        12        │         6  exit        12

                """)
    }

    /// A result with a missing instruction is aligned by the others: a jump that moved with its target is right.
    @Test func missing() throws {
        let text = try goldenPicture(
            """
            # bpf-patch-fuzz case

            program
                    r1 = 1001
                    r2 = 1002
                    if r1 > 7 goto L4
                    r3 = 1003
            L4:     exit {imm=1004}

            pass
              insert at 1
                      r9 = 1005 ll
                      r9 = 1007

            """,
            [
                BentPatcher("forgetful") { output in
                    let image = output.image(as: OutputIndex.self)
                    for slot in 4..<7 {
                        unsafe image.insns[OutputIndex(slot)] = image.insns[OutputIndex(slot + 1)]
                    }
                    output.insnCount = 7
                }
            ])
        #expect(
            text == """
                ✗ forgetful: another instruction is in the place of a 64-bit ALU instruction near an insertion
                  layout: expected b7020000ea030000, found 2501010007000000

                ── pass 1 of 1: 1 edit, 5 slots → 8 ────────────────────────────────────────────────────────────────
                input                                                         result
                         .subprog 0                                                    .subprog 0
                        0  r1 = 1001                                                  0  r1 = 1001
                                              ┌ edit 1: insert 3 before 1 P0       +  1  r9 = 1005 ll
                                              └                           P2       +  3  r9 = 1007
                        1  r2 = 1002                                                  4  r2 = 1002
                ╭───    2  if r1 > 7 goto L4                                  ╭───    5  if r1 > 7 goto L7
                │       3  r3 = 1003                                          │       6  r3 = 1003
                ╰──►   L4  exit {imm=1004}                                    ╰──►   L7  exit {imm=1004}

                ── forgetful: layout ───────────────────────────────────────────────────────────────────────────────
                must be                        forgetful gives
                         .subprog 0          │          .subprog 0
                        0  r1 = 1001         │         0  r1 = 1001
                        1  r9 = 1005 ll      │         1  r9 = 1005 ll
                        3  r9 = 1007         │         3  r9 = 1007
                        4  r2 = 1002         │
                                             │        ✗ slot 4 is missing
                ╭───    5  if r1 > 7 goto L7 │ ╭───    4  if r1 > 7 goto L6
                │       6  r3 = 1003         │ │       5  r3 = 1003
                ╰──►   L7  exit {imm=1004}   │ ╰──►   L6  exit {imm=1004}

                """)
    }
}
