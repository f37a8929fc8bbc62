import Foundation
import Fuzzing
import Testing

/// The command `stats` on readable objects, unreadable ones and none.
@Suite struct StatsCommandTests {
    /// The objects of the Debian package libxdp1.
    private static let installed: String? = {
        let libraries = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return libraries.map { "/usr/lib/\($0)/bpf" }.first {
            FileManager.default.fileExists(atPath: $0 + "/xdp-dispatcher.o")
        }
    }()

    @Test(.enabled(if: installed != nil, "needs the objects of libxdp1 in /usr/lib"))
    func figuresAddUp() throws {
        let folder = try #require(Self.installed)
        let run = try Tool.run(["stats", folder, "--json"])
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        let report = try run.report()
        let slots = report["slots"] as? Int ?? 0
        let programs = report["programs"] as? Int ?? 0
        #expect(slots > 1000 && programs >= 15 && report["objects"] as? Int ?? 0 >= 15)
        let rows = report["workloads"] as? [[String: Any]] ?? []
        #expect(rows.compactMap { $0["name"] as? String } == Workload.allCases.map(\.name))
        for row in rows {
            func number(_ key: String) -> Int { row[key] as? Int ?? -1 }
            func sum(_ key: String, _ part: String) -> Int {
                (row[key] as? [[String: Int]] ?? []).reduce(0) { $0 + ($1[part] ?? 0) }
            }
            let name = Comment(rawValue: row["name"] as? String ?? "")
            #expect(number("slots_in") == slots && number("slots_out") == slots + number("growth"), name)
            #expect(sum("lengths", "count") == number("patches"), name)
            #expect(sum("deleted_lengths", "count") == number("deletions"), name)
            #expect(sum("programs", "programs") == programs, name)
        }
        // The output is deterministic.
        #expect(try Tool.run(["stats", folder, "--json"]).output == run.output)
        let one = try Tool.run(["stats", folder, "--workload", "zext", "--workload", "blinding"])
        #expect(one.status == 0 && one.output.contains("\nblinding ") && one.output.contains("\nzext "))
        #expect(!one.output.contains("verifier"))
    }

    /// Unreadable objects are reported with the reason, and the others are counted.
    @Test(.enabled(if: installed != nil, "needs the objects of libxdp1 in /usr/lib"))
    func restIsCounted() throws {
        let folder = try Tool.Folder()
        let broken = try folder.write("no object", to: "broken.o")
        let good = try #require(Self.installed) + "/xdp-dispatcher.o"
        let run = try Tool.run(["stats", broken, good, "--json"])
        #expect(run.status == 0 && run.errors == "skipped: \(broken): no ELF file\n", "\(run.errors)")
        let report = try run.report()
        #expect(report["refused"] as? [String] == ["\(broken): no ELF file"])
        #expect(report["objects"] as? Int == 1)
    }

    @Test func nothingToReadIsAnError() throws {
        let folder = try Tool.Folder()
        let broken = try folder.write("no object", to: "broken.o")
        for path in [broken, "/no/such/object.o"] {
            let run = try Tool.run(["stats", path])
            #expect(run.status == 1 && run.errors.contains(path) && run.output.isEmpty, "\(run.errors)")
        }
        #expect(try Tool.run(["stats", try Tool.Folder().path]).status == 1)
    }

    @Test(arguments: [["stats"], ["stats", "/", "--workload", "blindign"]])
    func wrongUsageIs64(_ words: [String]) throws {
        #expect(try Tool.run(words).status == 64)
    }
}
