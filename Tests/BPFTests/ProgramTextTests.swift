import BPF
import Testing

/// `Program` from text and back, as callers of the library use it.
@Suite struct ProgramTextTests {
    private static let text = """
        .subprog 100
        .line 500
        L0:     r1 = 7                                  .aux 3
                r2 = 5 ll                               .aux 8 9
                if r1 > 7 goto L0
                call L6
                exit
        .subprog 101
        L6:     r0 = L6 ll
                may_goto L0 {imm=2}
                exit

        """

    @Test func textSurvivesARoundTrip() throws {
        let program = try Program(Self.text)
        #expect(program.description == Self.text)
        #expect(program.insns.count == 10 && program.aux[1...2] == [8, 9])
        #expect(program.subprograms == [Subprogram(start: 0, id: 100), Subprogram(start: 6, id: 101)])
        #expect(program.lines == [LineRecord(insnOff: 0, id: 500)])
    }

    @Test func tablesAreOptional() throws {
        let program = try Program(
            """
            count: r1 -= 1          # a loop
            if r1 != 0 goto count

            exit
            """)
        #expect(program.insns.map(\.description) == ["r1 -= 1", "if r1 != 0 goto -2", "exit"])
        #expect(program.aux == [0, 0, 0] && program.subprograms == [Subprogram(start: 0, id: 0)])
        #expect(program.fault() == nil)
        #expect(try Program("").insns.isEmpty)
    }

    @Test(arguments: [
        ("exit\nfrob", "2:1: expected ", "`frob`"),
        ("goto nowhere", "1:6: expected a label of this program", "`nowhere`"),
        ("a: exit\na: exit", "2:1: expected a label that is not in use yet", "`a`"),
        ("exit exit", "1:6: expected the end of the line", "`exit`"),
        ("goto @3", "1:6: expected a label, ", "`@3`"),
        (".frob", "1:1: expected `.subprog`", "`.frob`"),
        ("pass", "1:1: expected ", "`pass`"),
    ]) func errorsHaveLineAndColumn(_ text: String, _ start: String, _ found: String) throws {
        let error = #expect(throws: Program.TextError.self) { try Program(text) }
        let description = try #require(error).description
        #expect(description.hasPrefix(start) && description.hasSuffix("found \(found)"), "\(description)")
    }
}
