import Foundation
import TestSupport
import Testing

@testable import Plugins

/// The faults that Linux had, planted in the functions of a kernel tree.
@Suite struct HistoricalFaultTests {
    @Test func namesDiffer() {
        let names = HistoricalFault.all.map(\.name)
        #expect(Set(names).count == names.count)
        for fault in HistoricalFault.all { #expect(!fault.summary.isEmpty && !fault.source.isEmpty, "\(fault.name)") }
    }

    private static let start = "adjust_subprog_starts"

    /// A toy tree in which starts are moved by a function with the name and the comparison of the kernel's.
    private static func tree(comparing comparison: String) -> ToyTree {
        let tree = ToyTree()
        tree.replace("if (env->subprog_info[i].start > off)", by: "if (0)", in: ToyTree.verifier)
        tree.replace("return prog;", by: "\(start)(env, off, len);\n    return prog;", in: ToyTree.verifier)
        tree.files[ToyTree.verifier] =
            """
            static void \(start)(struct bpf_verifier_env *env, u32 off, u32 len)
            {
                u32 i;
                for (i = 0; i <= env->subprog_cnt; i++)
                    if (!(\(comparison)))
                        env->subprog_info[i].start += len - 1;
            }

            """ + (tree.files[ToyTree.verifier] ?? "")
        return tree
    }

    private static func search(_ tree: ToyTree) throws -> TestProcess.Outcome {
        _ = try tree.write()
        return try TestProcess.run([
            TestProcess.tool, "faults", "--historical", "--kernel-tree", tree.path, "--time", "1", "--json",
        ])
    }

    /// The fault whose edit fits is planted and found; each other one has a reason.
    @Test func faultThatFitsIsFound() throws {
        let tree = Self.tree(comparing: "env->subprog_info[i].start /* its first slot */\n<= off")
        let run = try Self.search(tree)
        #expect(run.status == 0, "\(run)")
        let report = try run.report()
        let rows = report["faults"] as? [[String: Any]] ?? []
        #expect(rows.map { $0["fault"] as? String } == HistoricalFault.all.map(\.name))
        for row in rows {
            let isPlanted = row["fault"] as? String == "subprogram-start-moved"
            #expect(row["detected"] as? Bool == isPlanted, "\(row)")
            #expect((row["reason"] as? String ?? "").isEmpty == isPlanted, "\(row)")
        }
        let found = try #require(rows.first { $0["detected"] as? Bool == true })
        #expect((found["place"] as? String)?.contains("\(Self.start)()") == true && found["cases"] as? Int ?? 0 > 0)
        let own = report["own"] as? [String] ?? []
        #expect(!own.contains(found["bucket"] as? String ?? "") && report["unchanged_cases"] as? Int ?? 0 > 0)
    }

    /// A change without an effect is not found: that is the finding of the command.
    @Test func missedFaultIsReported() throws {
        let tree = Self.tree(comparing: "(env->subprog_info[i].start <= off) || env->subprog_info[i].start == off")
        let run = try Self.search(tree)
        #expect(run.status == 77, "\(run)")
        let rows = try run.report()["faults"] as? [[String: Any]] ?? []
        let missed = rows.filter { $0["detected"] as? Bool == false && $0["place"] != nil }
        #expect(missed.map { $0["fault"] as? String } == ["subprogram-start-moved"])
    }

    /// A tree to which no edit fits is not searched.
    @Test func treeWithoutAPlaceIsRefused() throws {
        let run = try Self.search(ToyTree())
        #expect(run.status == 1 && run.errors.contains("\(Self.start)()"), "\(run)")
    }
}

/// The historical faults in a real kernel tree.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct HistoricalFaultEnduranceTests {
    /// Every edit fits Linux 6.12, and every fault is found in it.
    @Test(.enabled(if: KernelSourceTests.versions.contains("6.12"), "linux-source-6.12 is not installed"))
    func allFitLinux612() throws {
        let run = try TestProcess.run([
            TestProcess.tool, "faults", "--historical", "--kernel-tree", "/usr/src/linux-source-6.12.tar.xz", "--json",
        ])
        #expect(run.status == 0, "\(run)")
        let rows = try run.report()["faults"] as? [[String: Any]] ?? []
        #expect(rows.count == HistoricalFault.all.count)
        for (row, fault) in zip(rows, HistoricalFault.all) {
            #expect(row["detected"] as? Bool == (fault.reason == nil), "\(row)")
            #expect(row["reason"] as? String == fault.reason, "\(row)")
        }
    }
}
