import BPF
import Foundation
import Fuzzing
import LinuxBPF
import Testing

@testable import Campaign

/// Statistics of small programs whose edits can be counted by hand.
struct PatchStatisticsTests {
    /// Two divisions and a dead instruction.
    private static let divisions = """
            r1 /= r2
            r1 s%= r2
            goto end
            r1 = 5
        end: exit
        """
    /// One loop, with its counter before it.
    private static let loop = """
        head: may_goto out
            r0 += 1
            goto head
        out: exit
        """
    private static let plain = "exit"

    private static func program(_ name: String, _ text: String) throws -> ObjectProgram {
        let c = try CaseFile.parse("# bpf-patch-fuzz case\nprogram\n" + text + "\n", file: name)
        return ObjectProgram(object: "\(name).o", name: name, section: "socket", program: c.program)
    }

    private static func statistics(_ programs: [ObjectProgram], _ workloads: [Workload]) -> PatchStatistics {
        var status = StatusLine()
        return PatchStatistics(
            programs, objects: programs.count, refused: [], workloads: workloads, showing: &status)
    }

    private static func three() throws -> [ObjectProgram] {
        [try program("divisions", divisions), try program("loop", loop), try program("plain", plain)]
    }

    @Test func editsAreCounted() throws {
        let found = Self.statistics(try Self.three(), [.divisionGuards, .mayGoto, .deadCode, .verifier])
        #expect(found.programs == 3 && found.objects == 3 && found.slots == 10)
        let rows = found.workloads
        #expect(rows.map(\.name) == ["div-guard", "may-goto", "dead-code", "verifier"])
        #expect(rows.map(\.patches) == [2, 2, 0, 4])
        #expect(rows.map(\.deletions) == [0, 0, 1, 2])
        #expect(rows.map(\.programsTouched) == [1, 1, 1, 2])
        #expect(rows.map(\.slotsIn) == [10, 10, 10, 10])
        // 4 + 7 slots for two; 4 and one more for one; one deleted. `verifier` deletes the jump over it too.
        #expect(rows.map(\.growth) == [9, 4, -1, 11])
        #expect(rows.map(\.slotsOut) == [19, 14, 9, 21])
        #expect(rows[0].lengths.map { [$0.length, $0.count] } == [[4, 1], [7, 1]])
        // The counter takes 2 instructions.
        #expect(rows[1].lengths.map { [$0.length, $0.count] } == [[2, 1], [4, 1]])
        #expect(rows[2].lengths.isEmpty && rows[2].deletedLengths.map { [$0.length, $0.count] } == [[1, 1]])
        #expect(rows[3].mostPatched.map(\.program) == ["divisions", "loop"])
        #expect(rows[3].mostPatched.map(\.edits) == [4, 2])
        #expect(rows[3].mostPatched.map(\.slotsOut) == [12, 8])
    }

    /// There are 200 programs; program n has n divisions.
    @Test func editsAreSpreadOverPrograms() throws {
        let programs = try (0..<200).map { count in
            try Self.program("p\(count)", String(repeating: "r1 /= r2\n", count: count) + "exit")
        }
        let row = Self.statistics(programs.reversed(), [.divisionGuards]).workloads[0]
        #expect(row.programsTouched == 199)
        #expect(row.perProgram == EditStatistics.Spread(p50: 99, p90: 179, p99: 197, max: 199))
        #expect(row.programs.map(\.from) == [0, 1, 2, 4, 8, 16, 32, 64, 128])
        #expect(row.programs.map(\.to) == [0, 1, 3, 7, 15, 31, 63, 127, 255])
        #expect(row.programs.map(\.programs) == [1, 1, 2, 4, 8, 16, 32, 64, 72])
        #expect(row.mostPatched.map(\.edits) == [199, 198, 197, 196, 195])
    }

    /// Blinding makes the offset of a long jump exceed 16 bits.
    @Test func jumpsOutOfRangeAreCounted() throws {
        let long = try Self.program("long", "if r1 == r2 goto end\n.fill 20000 r1 = 1\nend: exit")
        let row = Self.statistics([long, try Self.program("plain", Self.plain)], [.blinding]).workloads[0]
        #expect(row.outOfRange == 1 && row.patches == 20000 && row.growth == 40000 && row.slotsOut == 60003)
    }

    @Test func jsonHasTheseKeys() throws {
        let found = Self.statistics(try Self.three(), [.mayGoto])
        let value = try JSONSerialization.jsonObject(with: JSONEncoder().encode(found)) as? [String: Any] ?? [:]
        #expect(Set(value.keys) == ["objects", "programs", "slots", "refused", "workloads"])
        let row = (value["workloads"] as? [[String: Any]])?.first ?? [:]
        #expect(
            Set(row.keys) == [
                "name", "source", "passes", "patches", "lengths", "deletions", "deleted_lengths", "programs_touched",
                "slots_in", "slots_out", "growth", "out_of_range", "per_program", "programs", "most_patched",
            ])
        #expect(Set((row["per_program"] as? [String: Any] ?? [:]).keys) == ["p50", "p90", "p99", "max"])
        #expect(row["lengths"] as? [[String: Int]] == [["length": 2, "count": 1], ["length": 4, "count": 1]])
        let most = (row["most_patched"] as? [[String: Any]])?.first ?? [:]
        #expect(Set(most.keys) == ["object", "program", "edits", "slots_in", "slots_out"])
    }

    @Test func textIsExact() throws {
        let found = Self.statistics(try Self.three(), [.divisionGuards, .deadCode])
        #expect(
            found.text(width: 100) == """
                3 objects, 3 programs, 10 slots

                workload  patches deletions programs p50 p90 p99 max slots out  growth too far
                div-guard       2         0        1   0   2   2   2        19 +90.0 %       0
                dead-code       0         1        1   0   1   1   1         9 -10.0 %       0

                patches by length
                workload  4 7
                div-guard 1 1

                div-guard (do_misc_fixups)
                  patches by length
                    4  1  \(String(repeating: "█", count: 90))
                    7  1  \(String(repeating: "█", count: 90))
                  programs by edits
                      0  2  \(String(repeating: "█", count: 88))
                      1  0
                    2-3  1  \(String(repeating: "█", count: 44))
                  most edits
                    2 in divisions, 5 slots, divisions.o

                dead-code (opt_remove_dead_code)
                  deletions by length: the only one has length 1
                  programs by edits
                    0  2  \(String(repeating: "█", count: 90))
                    1  1  \(String(repeating: "█", count: 45))
                  most edits
                    1 in divisions, 5 slots, divisions.o

                """)
    }
}
