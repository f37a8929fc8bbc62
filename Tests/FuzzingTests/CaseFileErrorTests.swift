import Fuzzing
import TestSupport
import Testing

/// Errors in case files: place, expected and found text.
@Suite struct CaseFileErrorTests {
    static let faults: [(String, Int, Int, String, String)] = [
        ("", 1, 1, "`program`", "the end of the file"), ("# only this\n", 2, 1, "`program`", "the end of the file"),
        ("name: x\nnmae: y\nprogram", 2, 1, "`name:`, `target:`", "`nmae`"),
        ("name: x\nname: y\nprogram", 2, 1, "once", "`name`"), ("seed: 4\nprogram", 2, 1, "`index:`", "`program`"),
        ("seed: -4", 1, 7, "from 0 to 18446744073709551615", "`-4`"), ("seed: 1 2", 1, 9, "the end of the line", "`2`"),
        ("name: \"x", 1, 7, "a text that ends", "`\"`"), ("name: \"\\q\"", 1, 8, "`\\u{…}`", "`\\`"),
        ("name: \"x\" y", 1, 11, "the end of the line", "`y`"),
        ("name: \"é\" y", 1, 11, "the end of the line", "`y`"),
        ("program x", 1, 9, "the end of the line", "`x`"), ("program\nfoo", 2, 1, "an instruction", "`foo`"),
        ("program\nexit\n  r1 = \n", 3, 8, "a register, a number", "the end of the line"),
        ("program\nexit\n\n\n  goto nowhere # x\nexit", 5, 8, "a label of this program", "`nowhere`"),
        ("program\ngoto @3", 2, 6, "`@` belongs to patches", "`@3`"),
        ("program\na: exit\na: exit", 3, 1, "not in use", "`a`"),
        ("program\n.fill 32768 r1 = 0\nend: exit\ngoto far\n.fill 32768 r1 = 0\nfar: exit", 4, 6, "16 bits", "`far`"),
        ("program\nexit .aux", 2, 10, "4294967295", "the end of the line"),
        ("program\nexit .aux 1 2", 2, 13, "the end of the line", "`2`"),
        ("program\nexit .aux 4294967296", 2, 11, "4294967295", "`4294967296`"),
        ("program\n.foo 3", 2, 1, "`.subprog`", "`.foo`"),
        ("program\n.subprog", 2, 9, "a number", "the end of the line"),
        ("program\n.subprog 1 at", 2, 14, "a number", "the end of the line"),
        ("program\n.fill 0 r1 = 0", 2, 7, "from 1 to", "`0`"),
        ("program\n.fill 99999999 r1 = 0", 2, 7, "16777216", "`99999999`"),
        ("program\n.fill 8 r2 = 0", 2, 9, "`r1`", "`r2`"),
        ("program\n.fill 8 r1 = 2147483641", 2, 14, "2147483640", "`2147483641`"),
        ("program\n.fill 8 r1 = 0 .aux 4294967295", 2, 1, "fit 32 bits", "`.fill`"),
        ("program\nprogram", 2, 1, "`pass` or `expect`", "`program`"),
        ("program\npass\nexit", 3, 1, "`replace`, `delete`", "`exit`"),
        ("program\npass\ndelete", 3, 7, "a number", "the end of the line"),
        ("program\npass\ndelete loop", 3, 8, "a label of the program", "`loop`"),
        ("program\na: exit\npass\npass\ndelete a", 5, 8, "labels name slots of the first", "`a`"),
        ("program\npass\ndelete 3 count 0", 3, 16, "from 1 to", "`0`"),
        ("program\npass\ndelete 3\nexit", 4, 1, "`delete` has no patch", "`exit`"),
        ("program\npass\nreplace 3\nexit", 3, 10, "`with`", "the end of the line"),
        ("program\npass\nreplace 3 with\npass", 4, 1, "an instruction of the patch", "`pass`"),
        (
            "program\npass\nreplace 3 with\nexit\nreplace 4 with", 6, 1, "an instruction of the patch",
            "the end of the file"
        ),
        ("program\npass\ninsert 3", 3, 8, "`at`", "`3`"),
        ("program\npass\ninsert at 3, skip", 3, 14, "`keep`", "`skip`"),
        ("program\npass\ninsert at 3, keep 1, keep 2", 3, 22, "`jumps skip`", "`keep`"),
        ("program\npass\ninsert at 3\nkept", 4, 1, "single instruction", "`kept`"),
        ("program\npass\nreplace 3 with\nkept\nkept", 5, 1, "`kept` once", "`kept`"),
        ("program\npass\nreplace 3, keep 0 with\nkept", 4, 1, "`kept` once", "`kept`"),
        ("program\npass\nreplace 3 with\nexit .aux 3", 4, 6, "the end of the line", "`.aux`"),
        ("program\nL0: exit\npass\nreplace 0 with\n goto L0\nexit", 5, 7, "has an `@` before it", "`L0`"),
        ("program\nexit\npass\nreplace 0 with\n goto @L0", 5, 7, "a label of the program", "`@L0`"),
        ("program\na: exit\npass\npass\nreplace 0 with\n goto @a", 6, 7, "a number", "`@a`"),
        ("program\npass\nreplace 0 with\nexit\nref 0", 5, 6, "a number", "the end of the line"),
        ("program\nexit\npass\ndelete 0 count 5\npass\nappend", 6, 1, "length of the input is unknown", "`append`"),
        ("program\nexpect EFOO", 2, 8, "`EINVAL`", "`EFOO`"),
        ("program\nexpect insns insns", 2, 14, "parts", "`insns`"),
        ("program\nexpect EINVAL\nexit", 3, 1, "the end of the file", "`exit`"),
        ("program\nexpect aux\nexit", 3, 1, "no insns", "`exit`"),
        ("program\nexpect insns\nexit .aux 3", 3, 6, "no aux", "`.aux`"),
        ("program\nexpect insns\n.line 3", 3, 1, "no `.line`", "`.line`"),
        ("program\nexpect\nexit\npass", 4, 1, "the end of the file", "`pass`"),
        ("program\n  é", 2, 3, "an instruction", "`é`"), ("name: é\nprogram\n r1 = 1 .aux é", 3, 14, "a number", "`é`"),
    ]

    @Test(arguments: faults) func fault(_ entry: (String, Int, Int, String, String)) {
        do throws(TextError) {
            _ = try CaseFile.parse(entry.0, file: "broken.case")
            Issue.record("read without an error: \(entry.0)")
        } catch {
            #expect(error.line == entry.1, "\(error)")
            #expect(error.column == entry.2, "\(error)")
            #expect(error.expected.contains(entry.3), "\(error)")
            #expect(error.found == entry.4, "\(error)")
            #expect(error.description.hasPrefix("broken.case:\(entry.1):\(entry.2): expected "))
        }
    }

    /// No damaged file traps the reader.
    @Test func damagedFiles() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of CaseFileErrorTests.damagedFiles: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let whole = Array(CaseFileSyntaxTests.canonical.utf8)
        var accepted = 0
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let at = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0...3, using: &numbers) {
                case 0: bytes.remove(at: at)
                case 1: bytes[at] = UInt8.random(in: 0...255, using: &numbers)
                case 2: bytes.insert(bytes.randomElement(using: &numbers)!, at: at)
                default: bytes.removeSubrange(at..<min(at + 30, bytes.count))
                }
                if bytes.isEmpty { bytes = whole }
            }
            if let c = try? CaseFile.parse(String(decoding: bytes, as: UTF8.self), file: "damaged") {
                accepted += 1
                #expect((try? CaseFile.parse(CaseFile.print(c), file: "again")) == c)
            }
        }
        #expect(accepted > 0 && accepted < 5000)
    }
}
