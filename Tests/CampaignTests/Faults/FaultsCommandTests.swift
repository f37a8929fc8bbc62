import Foundation
import Testing

@testable import Campaign

/// The command `faults`.
@Suite struct FaultsCommandTests {
    /// A found fault has its size and the smallest one; a deadly one too, but its smaller cases are not run.
    @Test func foundFaultsAreMeasured() throws {
        let run = try Tool.run([
            "faults", "--fault", "planted-aux-last-lost", "--fault", "planted-trap", "--json", "--time", "600",
        ])
        #expect(run.status == 0, "\(run.errors)")
        let rows = try JSONSerialization.jsonObject(with: Data(run.lastLine.utf8)) as? [[String: Any]] ?? []
        #expect(rows.map { $0["fault"] as? String } == ["planted-aux-last-lost", "planted-trap"])
        for row in rows {
            #expect(row["detected"] as? Bool == true && row["cases"] as? Int ?? 0 > 0)
            #expect((row["bucket"] as? String)?.hasPrefix("\(row["fault"] ?? "")/") == true)
            #expect(row["edits"] as? Int ?? 9 <= 2 && row["insns"] is Int && row["patch_insns"] is Int)
        }
        let smallest = try #require(rows.first?["smallest"] as? [String: Int])
        #expect(smallest["edits"] == 1 && rows.last?["smallest"] is NSNull)
    }

    /// A fault that is not found within its time is the finding of this command.
    @Test func missedFaultIsReported() throws {
        let run = try Tool.run(["faults", "--fault", "planted-range-of-gotol", "--time", "0.05", "--smaller", "0"])
        #expect(run.status == 77 && run.output.contains("NOT FOUND"), "\(run)")
        #expect(run.output.contains("\n0 of 1 fault found"))
    }
}
