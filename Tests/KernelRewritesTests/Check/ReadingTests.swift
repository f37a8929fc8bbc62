import BPF
import KernelModel
import KernelRewrites
import Testing

/// Two accesses of a context in a row, whose three instructions may be divided in two ways.
@Suite("Results with more than one reading")
struct ReadingTests {
    private func report(_ program: [String], _ result: [String]) -> RewriteReport {
        var checker = RewriteChecker(facts: .example)
        let loadable = LoadableProgram(program: Program(statements: [program]), type: .skMsg)
        return checker.check(
            loadable, live: loadable.program.insns.map { _ in true }, result: Program(statements: [result]))
    }

    private static let accesses = ["r2 = *(u64 *)(r1 + 72)", "r2 = *(u32 *)(r2 + 0)"]
    private static let converted = ["r2 = *(u64 *)(r1 + 16)", "r2 = *(u64 *)(r2 + 8)", "r2 = *(u32 *)(r2 + 4)"]
    private static let end = ["r0 = 0", "exit"]

    @Test("are counted as ambiguous")
    func ambiguous() {
        let report = report(["r3 = 1"] + Self.accesses + Self.end, ["r3 = 1"] + Self.converted + Self.end)
        #expect(report.isClean && report.ambiguous == [.context] && report.dropped.isEmpty, "\(report)")
    }

    @Test("drop a finding only if another reading keeps every rule, and list it", arguments: [1, 2, 3])
    func dropped(_ offset: Int) {
        let report = report(
            ["if r3 == 9 goto +1"] + Self.accesses + Self.end,
            ["if r3 == 9 goto +\(offset)"] + Self.converted + Self.end)
        // The first reading has the second access at its second slot.
        switch offset {
        case 1: #expect(report.isClean && report.dropped.isEmpty, "\(report)")
        case 2: #expect(report.isClean && report.dropped.count == 1, "\(report)")
        default: #expect(!report.findings.isEmpty && report.dropped.isEmpty, "\(report)")
        }
        for dropped in report.dropped { #expect(dropped.difference.contains("of the result"), "\(dropped)") }
    }
}
