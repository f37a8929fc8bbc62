import Fuzzing
import Patching
import Testing

@testable import Campaign

/// Pictures of small cases, character by character.
@Suite struct CasePictureGoldenTests {
    /// Programs that do not fit side by side are drawn one above the other.
    @Test func narrow() throws {
        let patchers: [BuiltInPatchers] = [.kernelArray, .deltaArray, .linkedList, .rangeReplace]
        let text = try goldenPicture(loopCase, patchers.map { $0.make() }, width: 72)
        #expect(
            text == """
                a loop whose head is replaced
                ✓ correct: kernel-array, delta-array, linked-list, range-replace

                ── pass 1 of 1: 3 edits, 13 slots → 17 ─────────────────────────────────
                input                                 line
                                .subprog 100
                               0  r1 = 1001           500
                                                           edit 1: replace 1 by 4
                ╭─────┬─◄► =  L1  if r1 > 7 goto L7        kept at P1
                │   ╭─│──►    L2  r2 = 5 ll           501
                │   │ │    -   4  r3 = 3                   edit 2: delete 4
                │ ╔═│═│═══     5  call L9
                │ ║ │ ╰───     6  may_goto L1
                │ ║ │                                      edit 3: insert 2 before 7
                │ ║ │                                      jumps skip
                ╰─║─┴───◄►    L7  if r1 < 9 goto L2
                  ║            8  exit
                  ║             .subprog 101
                  ╚══════►    L9  r5 = 1010
                      ╭──►   L10  r1 += 1
                      ╰───    11  if r1 < 7 goto L10
                              12  exit

                result                                 line
                                .subprog 100
                               0  r1 = 1001            500
                      ╭──► +  L1  r9 = 2001                 P0
                ╭─────│─── =   2  if r1 > 7 goto L11        P1 kept
                │ ╭───│─── +   3  goto L5                   P2 out
                ├─│───│─── +   4  if r9 == 1 goto L11       P3 @7
                │ ├───│──►    L5  r2 = 5 ll            501
                │ │ ╔═│═══     7  call L13
                │ │ ║ ╰───     8  may_goto L1
                │ │ ║      +   9  r9 = 2005                 P0
                │ │ ║      +  10  r9 = 2006                 P1
                ╰─┴─║───◄►   L11  if r1 < 9 goto L5
                    ║         12  exit
                    ║           .subprog 101
                    ╚════►   L13  r5 = 1010
                      ╭──►   L14  r1 += 1
                      ╰───    15  if r1 < 7 goto L14
                              16  exit

                """)
    }

    /// Lanes that cross, share a target and nest; calls are double.
    @Test func crossing() throws {
        let text = try goldenPicture(
            """
            # bpf-patch-fuzz case
            name: crossing lanes

            program
            .subprog 1
                    if r1 == 1 goto L4
                    if r1 == 2 goto L6
                    call L9
                    may_goto L7
            L4:     goto L6
                    r1 = 5
            L6:     if r1 == 3 goto L4
            L7:     goto L7
                    exit
            .subprog 2
            L9:     r0 = L9 ll
                    goto L9
            L0:     exit

            pass
              delete 5

            """, [])
        #expect(
            text == """
                crossing lanes

                ── pass 1 of 1: 1 edit, 13 slots → 12 ──────────────────────────────────────────────────────────────
                input                                                    result
                               .subprog 1                                               .subprog 1
                  ╭───────    0  if r1 == 1 goto L4                        ╭───────    0  if r1 == 1 goto L4
                  │ ╭─────    1  if r1 == 2 goto L6                        │ ╭─────    1  if r1 == 2 goto L5
                ╔═│═│═════    2  call L9                                 ╔═│═│═════    2  call L8
                ║ │ │ ╭───    3  may_goto L7                             ║ │ │ ╭───    3  may_goto L6
                ║ ├─┼─│─◄►   L4  goto L6                                 ║ ├─┼─│─◄►   L4  goto L5
                ║ │ │ │    -  5  r1 = 5              ╶ edit 1: delete 5  ║ │ │ │
                ║ ╰─┴─│─◄►   L6  if r1 == 3 goto L4                      ║ ╰─┴─│─◄►   L5  if r1 == 3 goto L4
                ║     ╰─↺►   L7  goto L7                                 ║     ╰─↺►   L6  goto L6
                ║             8  exit                                    ║             7  exit
                ║              .subprog 2                                ║              .subprog 2
                ╚═════┬═↺►   L9  r0 = L9 ll                              ╚═════┬═↺►   L8  r0 = L8 ll
                      ╰───   11  goto L9                                       ╰───   10  goto L8
                             12  exit                                                 11  exit

                """)
    }

    /// A malformed edit is described and marked, and the pass has no result.
    @Test func malformed() throws {
        let text = try goldenPicture(
            """
            # bpf-patch-fuzz case
            name: a call by ref to the middle of a subprogram

            program
                    r1 = 1
                    r2 = 5 ll
            L3:     r3 = 3
                    exit

            pass
              delete 0
              replace L3 with
                      r9 = 1
                      call @1
              replace 9 count 4 with
                      r9 = 2

            """, [])
        #expect(
            text == """
                a call by ref to the middle of a subprogram

                ── pass 1 of 1: 3 edits, 5 slots ───────────────────────────────────────────────────────────────────
                ✗ refused with EINVAL, malformed: edit 2, P1: a call's ref is not the start of a subprogram
                input                                        patches
                   .subprog 0
                - 0  r1 = 1     ╶ edit 1: delete 0
                  1  r2 = 5 ll
                - 3  r3 = 3     ┌ edit 2: replace 3 by 2     + P0  r9 = 1
                                │ ✗ a call's ref is not the  ✗ P1  call @1
                                └ ✗ start of a subprogram
                  4  exit
                                ╶ edit 3: replace 9–12 by 1  + P0  r9 = 2

                """)
    }

    /// A jump without a surviving target is marked.
    @Test func dangling() throws {
        let text = try goldenPicture(
            """
            # bpf-patch-fuzz case
            name: a jump into a replaced range

            program
                    r1 = 1
                    if r1 > 7 goto L4
                    r2 = 2
                    r3 = 3
            L4:     r4 = 4
                    exit

            pass
              append
                      r0 = 9

            pass
              replace 3 count 2 with
                      r9 = 1

            """, [KernelArray()])
        #expect(
            text == """
                a jump into a replaced range
                ✓ correct: kernel-array

                ── pass 1 of 2: 1 edit, 6 slots → 7 ────────────────────────────────────────────────────────────────
                input                                                result
                         .subprog 0                                           .subprog 0
                        0  r1 = 1                                            0  r1 = 1
                ╭───    1  if r1 > 7 goto L4                         ╭───    1  if r1 > 7 goto L4
                │       2  r2 = 2                                    │       2  r2 = 2
                │       3  r3 = 3                                    │       3  r3 = 3
                ╰──►   L4  r4 = 4                                    ╰──►   L4  r4 = 4
                        5  exit                                              5  exit
                                              ╶ edit 1: append 1 P0       +  6  r0 = 9

                ── pass 2 of 2: 1 edit, 7 slots ────────────────────────────────────────────────────────────────────
                ✗ refused with EINVAL: the target of a jump is gone or in another subprogram
                input                                                     patches
                         .subprog 0
                        0  r1 = 1
                ╭───    1  if r1 > 7 goto L4
                │      ✗ EINVAL: target 4 is gone or in another
                │      subprogram
                │       2  r2 = 2
                │    -  3  r3 = 3             ┌ edit 1: replace 3–4 by 1  + P0  r9 = 1
                ╰──► - L4  r4 = 4             └
                        5  exit
                        6  r0 = 9

                """)
    }
}
