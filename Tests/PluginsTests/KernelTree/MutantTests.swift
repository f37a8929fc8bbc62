import Foundation
import TestSupport
import Testing

@testable import Plugins

/// Mutants of the functions of a kernel tree.
@Suite struct MutantTests {
    private static let function = """
        static int adjust(struct row *row, u32 off,
        	const char *name)
        {
        	int delta = off - 1;

        	if (row->off < off && delta)
        		return 0;
        	for (; row->len; row++)
        		row->start += delta;
        	verbose(row, name);
        	row->len = 2;
        	other(row);
        	return -1;
        }
        """

    private static func mutants(_ text: String) -> [Mutant] {
        let file = CFile(CFileSource(name: "kernel/bpf/a.c", bytes: Array(("\n\n" + text).utf8)), number: 0)
        return MutantFinder(file, file.definitions[0]).mutants
    }

    @Test func mutantsOfAFunction() {
        let mutants = Self.mutants(Self.function)
        let all = mutants.map { "\($0.kind.rawValue) \($0.line) \($0.before) => \($0.after)" }
        for wanted in [
            "comparison 8 if (row->off < off && delta) => if (row->off <= off && delta)",
            "comparison 8 if (row->off < off && delta) => if (row->off >= off && delta)",
            "condition 8 if (row->off < off && delta) => if (row->off < off || delta)",
            "condition 8 if (row->off < off && delta) => if (!(row->off < off && delta))",
            "field 8 if (row->off < off && delta) => if (row->imm < off && delta)",
            "width 6 int delta = off - 1; => short delta = off - 1;",
            "off-by-one 6 int delta = off - 1; => int delta = off - 2;",
            "off-by-one 6 int delta = off - 1; => int delta = off - 0;",
            "adjustment 6 int delta = off - 1; => int delta = off + 1;",
            "adjustment 11 row->start += delta; => row->start -= delta;",
            "dropped 11 row->start += delta; => ;", "dropped 13 row->len = 2; => ;",
            "swapped 13 row->len = 2; other(row); => other(row); row->len = 2;",
            "early-return 5 { => { return 0;", "early-return 13 row->len = 2; => row->len = 2; return 0;",
        ] { #expect(all.contains(wanted), "\(wanted) is not in \(all.joined(separator: "\n"))") }
        // A message has no effect on results, a declaration is no statement, and -1 has no left side.
        #expect(!all.contains { $0.hasPrefix("dropped 12") || $0.hasPrefix("dropped 6") })
        #expect(!all.contains { $0.contains("return +1") })
    }

    @Test func parametersArePassedOn() throws {
        func parameters(_ text: String) -> [String]? {
            let file = CFile(CFileSource(name: "kernel/bpf/a.c", bytes: Array(text.utf8)), number: 0)
            return file.definitions[0].parameters(in: file)
        }
        #expect(parameters("static int f(struct a *b, const u32 c[4])\n{ }") == ["b", "c"])
        #expect(parameters("void f(void)\n{ }") == [])
        #expect(parameters("int f(int a, ...)\n{ }") == nil)
        #expect(parameters("int f(int (*g)(int), int a)\n{ }") == nil)
    }

    /// All mutants are in one object, and a number in a copy of it chooses one of them.
    @Test func searchFindsMutants() throws {
        let tree = ToyTree()
        _ = try tree.write()
        let folder = try TestFolder()
        let words = ["faults", "--kernel-tree", tree.path, "--mutants", "8", "--time", "2", "--json"]
        let run = try TestProcess.run([TestProcess.tool] + words)
        let report = try run.report()
        #expect(run.status == 0 || run.status == 77, "\(run)")
        let trials = try #require(report["trials"] as? [[String: Any]])
        #expect(trials.count == 8 && report["mutants"] as? Int == 8)
        let found = trials.filter { $0["detected"] as? Bool == true }
        #expect(found.count >= 4, "\(trials)")
        let unchanged = report["own"] as? [String] ?? []
        for trial in found { #expect(!unchanged.contains(trial["bucket"] as? String ?? "")) }
        // Survivors that are listed as equivalent are not counted.
        let lines = trials.filter { $0["detected"] as? Bool == false }.map { trial in
            "\(trial["function"] ?? ""): \(trial["before"] ?? "") => \(trial["after"] ?? "") # for this test\n"
        }
        let list = try folder.write(lines.joined(), to: "equivalents")
        let again = try TestProcess.run([TestProcess.tool] + words + ["--equivalents", list])
        #expect(again.status == 0, "\(again)")
        #expect(try again.report()["survived"] as? Int == 0)
        let names = trials.filter { $0["detected"] as? Bool == false }.map { "\($0["name"] ?? "") # by its digest\n" }
        let digests = try folder.write(names.joined() + "f: 0123456789abcdef # no such mutant\n", to: "digests")
        let same = try TestProcess.run([TestProcess.tool] + words + ["--equivalents", digests])
        #expect(same.status == 0 && same.errors.contains("named by 1 line,"), "\(same)")
        #expect(try same.report()["survived"] as? Int == 0)
        let broken = try folder.write("f: a => b\n", to: "broken")
        let refused = try TestProcess.run([TestProcess.tool] + words + ["--equivalents", broken])
        #expect(refused.status == 1 && refused.errors.contains("broken:1:"), "\(refused)")
    }
}

/// The shipped list of mutants that cannot be found.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct MutantListEnduranceTests {
    /// Each line names a mutant of Linux 6.12.
    @Test(.enabled(if: KernelSourceTests.versions.contains("6.12"), "linux-source-6.12 is not installed"))
    func listNamesMutants() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let run = try TestProcess.run([
            TestProcess.tool, "faults", "--kernel-tree", "/usr/src/linux-source-6.12.tar.xz", "--mutants", "1",
            "--time",
            "0.2", "--equivalents", root + "/Crashes/equivalents-6.12.txt",
        ])
        #expect(run.status != 1 && !run.errors.contains("no mutant of this tree"), "\(run)")
    }
}
