import Campaign
import Foundation
import TestSupport
import Testing

@testable import LinuxBPF

@Suite(
    "Reports on objects in the running kernel", .serialized, .enabled(if: Clang.isThere, Clang.need),
    .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct KernelLoadReportTests {
    /// Two programs that are loaded and one that is not: with dead code, a nop, and a division by a register.
    static let source = """
        #define SEC(name) __attribute__((section(name), used))
        SEC("socket") __attribute__((naked)) int dead(void)
        { asm volatile("r0 = 5; if r0 == 5 goto +2; r1 = 7; r2 = 7; exit"); }
        SEC("socket") __attribute__((naked)) int bad(void) { asm volatile("r0 = r7; exit"); }
        SEC("socket") __attribute__((naked)) int divides(void)
        { asm volatile("r0 = 5; r1 = *(u32 *)(r1 + 0); r0 /= r1; exit"); }
        """

    @Test("Programs are counted, those that are not loaded are named")
    func load() throws {
        let path = try Clang.compile(Self.source)
        let report = try KernelLoadReport(paths: [path, "/no/such/object.o"], host: ToolHost())
        #expect((report.objects, report.programs) == (1, 3))
        #expect(report.refused.map(\.object) == [path, "/no/such/object.o"])
        #expect(report.refused.map(\.program) == ["bad", nil])
        #expect(report.refused.map(\.reason) == ["not loadable: R7 !read_ok", "no such file or folder"])
        #expect(report.loads.map(\.way) == ["plain", "rnd_hi32"])
        for loads in report.loads {
            #expect((loads.loaded, loads.checked, loads.withoutLog, loads.withoutRecords) == (2, 2, 0, 0))
            // 5 and 4 slots; two go as dead code and one as a nop, and the division becomes 4.
            #expect(loads.slotsIn == 9 && loads.deletions == 2)
        }
        #expect(report.loads[0].slotsOut == 9 - 3 + 3)
        #expect(report.notUnderstood.isEmpty && report.findings.isEmpty)
        #expect(report.text.contains("\(path): program 'bad': not loadable: R7 !read_ok\n"))
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
        #expect(
            Set(try #require(json).keys) == [
                "kernel", "objects", "programs", "refused", "loads", "not_understood", "findings", "seconds",
            ])
    }

    @Test("Nothing that can be read is an error with the reasons")
    func nothing() {
        #expect {
            try KernelLoadReport(paths: ["/no/such/object.o"], host: ToolHost())
        } throws: { "\($0)".hasSuffix("/no/such/object.o: no such file or folder") }
    }

    @Test("Patches are counted by rewrite and length, with and without random upper halves")
    func statistics() throws {
        let path = try Clang.compile(Self.source)
        let statistics = try KernelPatchStatistics(paths: [path], host: ToolHost())
        #expect((statistics.objects, statistics.programs, statistics.slots) == (1, 2, 9))
        #expect(statistics.refused.count == 1 && statistics.leftOut.isEmpty)
        for loads in statistics.loads {
            #expect(loads.programs == 2)
            // The jump that is always taken is the nop in the end.
            #expect(loads.inPlace.isEmpty)
            let rows = Dictionary(uniqueKeysWithValues: loads.rewrites.map { ($0.name, $0) })
            #expect(rows["dead-code"]?.deletedLengths.map { [$0.length, $0.count] } == [[2, 1]])
            #expect(rows["nop"]?.deletedLengths.map { [$0.length, $0.count] } == [[1, 1]])
            #expect(rows["division"]?.lengths.map { [$0.length, $0.count] } == [[4, 1]])
            #expect(rows["division"]?.mostPatched.map(\.program) == ["divides"])
            #expect(loads.rewrites.first?.name == "all")
            #expect(loads.rewrites.first?.deletions == 2)
        }
        #expect(statistics.loads.map(\.way) == ["plain", "rnd_hi32"])
        #expect(!statistics.loads[0].rewrites.contains { $0.name == "rnd-hi32" })
        #expect(statistics.text.contains("with BPF_F_TEST_RND_HI32, 2 programs\n"))
    }

    @Test("A log that is cut off is said to be, and the programs are loaded all the same")
    func shortLog() throws {
        let path = try Clang.compile(Self.source)
        let loads = try ObjectLoader(logCapacity: 128).load(path)
        let loaded = loads.flatMap(\.outcomes).compactMap { outcome in
            if case .loaded(let loaded) = outcome { loaded } else { nil }
        }
        #expect(loaded.count == 4)
        #expect(loaded.allSatisfy { $0.live == nil })
    }
}
