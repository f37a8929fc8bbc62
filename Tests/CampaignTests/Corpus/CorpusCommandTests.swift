import Foundation
import TestSupport
import Testing

/// `corpus import`, `corpus export`, and `replay` of a corpus.
struct CorpusCommandTests {
    private static let hash = "da39a3ee5e6b4b0d3255bfef95601890afd8070"

    /// Cases of a seed as case files.
    private func made(_ folder: Tool.Folder, count: Int) throws {
        for index in 0..<count {
            let run = try Tool.run(["run", "--seed", "3", "--index", "\(index)", "--patcher", "engine"])
            _ = try folder.write(run.output, to: "made-\(index).case")
        }
    }

    /// Import, export and import again: the inputs are the same, and the cases too.
    @Test func corporaSurviveTheWayThereAndBack() throws {
        let (cases, place) = (try Tool.Folder(), try Tool.Folder())
        try made(cases, count: 5)
        let text = "# bpf-patch-fuzz case\n\nprogram\n    goto L1\nL1: exit\n\npass\n"
        _ = try cases.write(text, to: "by-hand.case")
        let paths = ["one", "two", "three"].map { "\(place.path)/\($0)" }
        let first = try Tool.run(["corpus", "import", cases.path, "-o", paths[0], "--json"])
        #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
        let counts = try first.report()
        #expect(counts["written"] as? Int == 6 && counts["choices"] as? Int == 5 && counts["texts"] as? Int == 1)
        let second = try Tool.run(["corpus", "export", paths[0], "-o", paths[1]])
        #expect(second.output == "6 case files written to \(paths[1]): 5 of choices, 1 as text\n", "\(second)")
        #expect(try Tool.run(["corpus", "import", paths[1], "-o", paths[2]]).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: paths[0]).sorted()
        #expect(names == ["by-hand"] + (0..<5).map { "made-\($0)" })
        for name in names {
            let bytes = paths.map { FileManager.default.contents(atPath: "\($0)/\(name)") }
            #expect(bytes[0] != nil && bytes[0] == bytes[2], "\(name)")
        }
        let replay = try Tool.run(["replay", "--json", paths[1]])
        #expect(try replay.report()["passed"] as? Int == 6, "\(replay)")
    }

    /// `replay` runs the inputs of libFuzzer and AFL++ by their names, and finds the fault.
    @Test func replayRunsTheInputsOfEngines() throws {
        let (cases, corpus) = (try Tool.Folder(), try Tool.Folder())
        let found = try Tool.run([
            "run", "--seed", "3", "--cases", "700", "--patcher", "planted-back-jump", "--crashes",
            cases.path + "/found",
        ])
        #expect(found.status == 77)
        try made(cases, count: 2)
        let path = corpus.path + "/imported"
        #expect(try Tool.run(["corpus", "import", cases.path, "-o", path]).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        let crash = try #require(names.first { $0.hasPrefix("planted-back-jump") })
        let manager = FileManager.default
        for folder in ["out/main/queue/.state", "out/main/crashes", "libfuzzer"] {
            try manager.createDirectory(atPath: "\(corpus.path)/\(folder)", withIntermediateDirectories: true)
        }
        for (name, copy) in [
            ("made-0", "out/main/queue/id:000000,time:0,execs:0,orig:a"), (crash, "out/main/crashes/id:000000,sig:06"),
            ("made-0", "out/main/queue/.state/id:000000,time:0,execs:0,orig:a"), ("made-1", "libfuzzer/\(Self.hash)9"),
            (crash, "libfuzzer/crash-\(Self.hash)8"),
        ] { try manager.copyItem(atPath: "\(path)/\(name)", toPath: "\(corpus.path)/\(copy)") }
        _ = try corpus.write("notes\n", to: "out/main/crashes/README.txt")
        let words = ["replay", "--json", "\(corpus.path)/out", "\(corpus.path)/libfuzzer", "--patcher"]
        let faulty = try Tool.run(words + ["planted-back-jump"])
        let report = try faulty.report()
        // The first cases of this seed show the fault, too.
        #expect(faulty.status == 77 && report["failed"] as? Int == 4, "\(faulty)")
        let files = (report["failures"] as? [[String: Any]] ?? []).compactMap { $0["file"] as? String }
        #expect(files.contains("\(corpus.path)/out/main/queue/id:000000,time:0,execs:0,orig:a"), "\(files)")
        let right = try Tool.run(words + ["engine"])
        #expect(try right.status == 0 && right.report()["passed"] as? Int == 4, "\(right)")
    }

    /// An unreadable file is named, and the others are copied.
    @Test(arguments: ["import", "export"]) func unreadableFilesAreNamed(_ direction: String) throws {
        let folder = try Tool.Folder()
        _ = try folder.write("# bpf-patch-fuzz case\n\nprogram\n    exit\n\npass\n", to: "good.case")
        let nowhere = folder.path + "/nowhere"
        let run = try Tool.run(
            ["corpus", direction, nowhere, folder.path + "/good.case", "-o", folder.path + "/out"])
        #expect(run.status == 1 && run.output.hasPrefix("1 "), "\(run)")
        #expect(run.errors.hasPrefix("error: \(nowhere)") && run.errors.split(separator: "\n").count == 1, "\(run)")
        let empty = folder.path + "/empty"
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
        let none = try Tool.run(["corpus", direction, empty, "-o", folder.path + "/none"])
        #expect(none.status == 1 && none.errors.contains("no input"), "\(none)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
    }
}
