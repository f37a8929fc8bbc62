import Campaign
import Foundation
import LinuxBPF
import TestSupport
import Testing

/// Many objects, some of which are broken.
@Suite("Broken objects among others", .enabled(if: Clang.isThere, Clang.need))
struct BrokenObjectTests {
    /// Copies of seeds in a folder; of each ten, one has random bytes in random places.
    ///
    /// - Returns: the folder and the names of the broken objects
    static func folder(_ count: Int, _ numbers: inout SeededNumbers) throws -> (path: String, broken: Set<String>) {
        let folder = try Scratch.folder()
        let seeds = try ["loop_switch", "subprograms", "callback", "map_lookup", "may_goto"].map {
            try Scratch.bytes(of: Clang.compileSeed($0))
        }
        var broken: Set<String> = []
        for number in 0..<count {
            var bytes = seeds[number % seeds.count]
            let name = "\(folder)/\(number).o"
            if number % 10 == 0 {
                broken.insert(name)
                for _ in 0..<1 + Int(numbers.next() % 64) {
                    bytes[Int(numbers.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: numbers.next())
                }
            }
            try Data(bytes).write(to: URL(fileURLWithPath: name))
        }
        return (folder, broken)
    }

    @Test("All good objects are used, and each bad one is named once")
    func read() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of BrokenObjectTests.read: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let (folder, broken) = try Self.folder(500, &numbers)
        let found = ObjectCollection(paths: [folder])
        let used = Set(found.files.map(\.path))
        #expect(found.files.count == used.count)
        let place = Comment("seed \(seed)")
        #expect(Set(found.refusals.map(\.object)).isSubset(of: broken), place)
        #expect(used.isSuperset(of: (0..<500).map { "\(folder)/\($0).o" }.filter { !broken.contains($0) }), place)
        // A broken object is refused as a whole, or has programs that are refused, or is the same to a patcher.
        let whole = found.refusals.filter { !used.contains($0.object) }
        #expect(Set(whole.map(\.object)).count == whole.count, place)
        #expect(!whole.isEmpty, place)
        let named = found.refusals.map { "\($0.object) \($0.program ?? "")" }
        #expect(Set(named).count == named.count, place)
        for program in found.programs { #expect(program.program.fault() == nil, place) }
    }

    @Test("Random bytes of any number do no harm")
    func random() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of BrokenObjectTests.random: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let whole = try Scratch.bytes(of: Clang.compileSeed("subprograms"))
        let path = try Scratch.file([])
        for round in 0..<400 {
            var bytes = whole
            for _ in 0..<1 << (round % 10) {
                bytes[4 + Int(numbers.next() % UInt64(bytes.count - 4))] = UInt8(truncatingIfNeeded: numbers.next())
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            for program in (try? ObjectFile(path: path))?.programs ?? [] {
                #expect(program.program.fault() == nil, "seed \(seed), round \(round)")
            }
        }
    }
}

/// Objects that are loaded, some of which are broken.
@Suite(
    "Broken objects on their way to the kernel", .serialized, .enabled(if: Clang.isThere, Clang.need),
    .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct BrokenLoadTests {
    @Test("All good objects are loaded, and each bad one is named once")
    func load() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of BrokenLoadTests.load: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let (folder, broken) = try BrokenObjectTests.folder(30, &numbers)
        let report = try KernelLoadReport(paths: [folder], host: ToolHost())
        let place = Comment("seed \(seed)")
        #expect(report.objects >= 27 && report.findings.isEmpty, place)
        // may_goto is not in all kernels; nothing else of a good object is refused.
        for refusal in report.refused where !broken.contains(refusal.object) {
            #expect(refusal.program == "may_goto", "seed \(seed): \(refusal)")
        }
        let named = report.refused.map { "\($0.object) \($0.program ?? "")" }
        #expect(Set(named).count == named.count, place)
    }
}
