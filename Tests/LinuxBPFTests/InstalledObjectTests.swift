import BPF
import Foundation
import LinuxBPF
import Testing

/// The objects of the Debian package libxdp1, made by another compiler than ours.
enum InstalledObjects {
    static let folder: String? = {
        let libraries = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return libraries.sorted().map { "/usr/lib/\($0)/bpf" }
            .first { FileManager.default.fileExists(atPath: "\($0)/xdp-dispatcher.o") }
    }()
}

@Suite("Objects of libxdp1", .enabled(if: InstalledObjects.folder != nil, "needs the objects of libxdp1 in /usr/lib"))
struct InstalledObjectTests {
    @Test("All of them open, and every program is well formed")
    func all() throws {
        let found = ObjectCollection(paths: [try #require(InstalledObjects.folder)])
        #expect(found.refusals == [])
        #expect(found.files.count >= 15)
        for program in found.programs { expectTablesInOrder(program) }
    }

    @Test("The dispatcher calls ten programs and a compatibility test")
    func dispatcher() throws {
        let programs = try ObjectFile.load(try #require(InstalledObjects.folder) + "/xdp-dispatcher.o")
        let dispatcher = try #require(programs.first { $0.name == "xdp_dispatcher" }).program
        #expect(dispatcher.subprograms.count >= 11)
        let calls = dispatcher.insns.count { $0.jumpKind == .call }
        #expect(calls >= dispatcher.subprograms.count - 1)
    }
}
