import Foundation
import TestSupport
import Testing

/// The compiler for BPF: the clang beside swift, or else the first in the search path.
enum Clang {
    /// Its path, or `nil` when there is none that makes code for BPF.
    static let path: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        func isRunnable(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }
        let besideSwift = folders.filter { isRunnable("\($0)/swift") }
        return (besideSwift + folders).map { "\($0)/clang" }.first { path in
            isRunnable(path) && ((try? output(of: path, ["--print-targets"])) ?? "").contains("bpf")
        }
    }()

    static var isThere: Bool { path != nil }
    static let need: Comment = "needs a clang with a bpf target in PATH"

    struct Failure: Error {
        var message: String
    }

    /// Compiles C to an object in a new folder and gives the object's path.
    static func compile(_ source: String, arguments: [String] = ["-g"], name: String = "test") throws -> String {
        let folder = try Scratch.folder()
        try source.write(toFile: "\(folder)/\(name).c", atomically: true, encoding: .utf8)
        let object = "\(folder)/\(name).o"
        guard let path else { throw Failure(message: "no clang") }
        var machine = utsname()
        unsafe uname(&machine)
        let architecture = unsafe withUnsafeBytes(of: &machine.machine) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        // Debian keeps asm/types.h, which linux/bpf.h includes, in a folder by architecture that clang
        // looks in for its own target only.
        _ = try output(
            of: path,
            ["--target=bpf", "-O2", "-mcpu=v4", "-idirafter", "/usr/include/\(architecture)-linux-gnu"]
                + arguments + ["-c", "\(folder)/\(name).c", "-o", object])
        return object
    }

    /// Compiles one of the programs in `Seeds`.
    static func compileSeed(_ name: String, arguments: [String] = ["-g"]) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let source = try String(contentsOf: root.appendingPathComponent("Seeds/\(name).c"), encoding: .utf8)
        return try compile(source, arguments: arguments, name: name)
    }

    private static func output(of tool: String, _ arguments: [String]) throws -> String {
        let run = try TestProcess.run([tool] + arguments)
        if run.status != 0 { throw Failure(message: run.output + run.errors) }
        return run.output + run.errors
    }
}

/// Folders of the tests' own, in the system's place for such, removed when the tests end.
enum Scratch {
    private static let root: URL = {
        atexit { try? FileManager.default.removeItem(at: Scratch.root) }
        return FileManager.default.temporaryDirectory.appendingPathComponent("LinuxBPFTests-\(getpid())")
    }()

    static func folder() throws -> String {
        let url = root.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.path
    }

    /// A file with the given bytes.
    static func file(_ bytes: [UInt8], name: String = "test.o") throws -> String {
        let path = try "\(folder())/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func bytes(of path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
