import Foundation
import Fuzzing
import Testing

@testable import bpf_patch_fuzz

/// The command `minimize`: large cases, progress, interrupts and the report.
@Suite struct MinimizeCommandTests {
    /// A long program; the pass at its end makes the planted patcher exit.
    private static let long = """
        # bpf-patch-fuzz case
        target: planted-trap
        bucket: planted-trap/crash/sigill/none

        program
            .fill 30000 r1 = 1
        L30000: goto L30000
            r2 = 7

        pass
          insert at 100
            r3 = 3
          delete 30001
          append
            r4 = 4
        """

    private static let options = ["--json", "--timeout", "600"]

    @Test func longCaseIsMinimizedInFewRuns() throws {
        let folder = try Tool.Folder()
        let file = try folder.write(Self.long, to: "long.case")
        let run = try Tool.run(["minimize", file, "-o", folder.path + "/small.case"] + Self.options)
        #expect(run.status == 0, "\(run.errors)")
        let report = try run.report()
        #expect(report["insns"] as? Int ?? 9 <= 2 && report["edits"] as? Int == 2 && report["patch_insns"] as? Int == 1)
        #expect(report["candidates"] as? Int ?? 999 < 60 && report["interrupted"] as? Bool == false)
        let reducers = report["reducers"] as? [[String: Any]] ?? []
        #expect(reducers.contains { $0["reducer"] as? String == "slots" && $0["successes"] as? Int ?? 0 > 0 })
        for row in reducers {
            let (calls, runs) = (row["calls"] as? Int ?? -1, row["runs"] as? Int ?? -1)
            let (cached, successes) = (row["cached"] as? Int ?? -1, row["successes"] as? Int ?? -1)
            #expect(calls >= runs + cached && runs >= successes && successes >= 0 && cached >= 0, "\(row)")
        }
    }

    /// One signal ends the command, even while a patcher hangs. The smallest case so far is written.
    @Test(arguments: [SIGINT, SIGTERM]) func interruptKeepsTheSmallestSoFar(number: Int32) throws {
        let folder = try Tool.Folder()
        let file = try folder.write(Self.long, to: "long.case")
        // The second process judges the candidates. It is stopped before its last answer.
        for attempt in 0..<20 {
            let small = folder.path + "/small-\(attempt).case"
            let run = try Tool.run(["minimize", file, "-o", small] + Self.options) { process in
                var judges: [pid_t] = []
                while process.isRunning && judges.count < 2 {
                    judges = Self.judges(of: process.processIdentifier)
                    usleep(1_000)
                }
                if let judge = judges.last { kill(-judge, SIGSTOP) }
                if process.isRunning { kill(process.processIdentifier, number) }
            }
            if run.status >= 0 { continue }
            #expect(run.status == -number && run.errors.contains("interrupted"), "\(run)")
            let text = try String(contentsOfFile: small, encoding: .utf8)
            let c = try CaseFile.parse(text, file: small)
            #expect(c.bucket == "planted-trap/crash/sigill/none" && c.passes[0].edits.count >= 2)
            return
        }
        Issue.record("every run ended before the signal")
    }

    /// The judge processes of a tool, in the order of their start.
    private static func judges(of process: pid_t) -> [pid_t] {
        let path = "/proc/\(process)/task/\(process)/children"
        let children = ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ")
        return children.compactMap { pid_t($0) }.filter { child in
            let words = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
            return words.split(separator: "\0").dropFirst().contains("judge")
        }.sorted()
    }

    @Test func progressIsOneLine() throws {
        let c = try CaseFile.parse(Self.long, file: "long.case")
        let progress = MinimizerProgress(runs: 1_234, size: CaseSize(c), reducer: "slots")
        #expect(
            MinimizeDisplay.text(of: progress) == "minimizing: 30,002 slots, 3 edits after 1,234 candidates  [slots]")
    }
}
