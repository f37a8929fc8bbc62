import BPF
import Foundation
import LinuxBPF
import Testing

@Suite("Objects that are refused")
struct RefusalTests {
    /// The reason for which a path is refused; its line names the path.
    private func reason(_ path: String) -> ObjectError.Reason? {
        do throws(ObjectError) {
            _ = try ObjectFile(path: path)
            return nil
        } catch {
            #expect(error.description.hasPrefix(path))
            #expect(!error.description.contains("\n"))
            return error.reason
        }
    }

    @Test("A file that is no BPF object at all")
    func noObject() throws {
        let elf: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + Array(repeating: 0, count: 9)
        #expect(try reason(Scratch.folder() + "/none.o") == .missing)
        #expect(try reason(Scratch.file([])) == .empty)
        #expect(try reason(Scratch.file(Array("no object\n".utf8))) == .notELF)
        #expect(try reason(Scratch.file(elf + [1, 0, 62, 0] + Array(repeating: 0, count: 44))) == .otherMachine(62))
        #expect(try reason(Scratch.folder()) == .notAFile)
        #expect(reason("/dev/null") == .notAFile)
    }

    @Test("A FIFO is refused and not waited for")
    func fifo() throws {
        let path = try Scratch.folder() + "/pipe.o"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        #expect(reason(path) == .notAFile)
    }

    @Test("An object cut short is refused with the broken rule", .enabled(if: Clang.isThere, Clang.need))
    func truncated() throws {
        let whole = try Scratch.bytes(of: Clang.compileSeed("subprograms"))
        let path = try Scratch.file([])
        for part in 0..<64 {
            let length = max(4, whole.count * part / 64)
            try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
            guard case .broken(let message) = reason(path) else {
                Issue.record("\(length) of \(whole.count) bytes were not refused")
                continue
            }
            #expect(!message.isEmpty)
        }
    }

    @Test("An object without a program", .enabled(if: Clang.isThere, Clang.need))
    func noProgram() throws {
        let path = try Clang.compile("int data = 3;")
        #expect(reason(path) == .noProgram)
    }

    @Test("Folders give their objects sorted, and each refusal by path", .enabled(if: Clang.isThere, Clang.need))
    func folders() throws {
        let folder = try Scratch.folder()
        let files = FileManager.default
        try files.createDirectory(atPath: "\(folder)/inner/empty", withIntermediateDirectories: true)
        let loop = try Clang.compileSeed("loop_switch")
        for name in ["b.o", "a.o", "inner/c.o", "ignored.txt"] {
            try files.copyItem(atPath: loop, toPath: "\(folder)/\(name)")
        }
        try Data("text".utf8).write(to: URL(fileURLWithPath: "\(folder)/bad.o"))
        try files.createSymbolicLink(atPath: "\(folder)/inner/round", withDestinationPath: "..")

        let found = ObjectCollection(paths: [folder, "\(folder)/inner/empty", "\(folder)/none", loop])
        #expect(found.files.map(\.path) == ["\(folder)/a.o", "\(folder)/b.o", "\(folder)/inner/c.o", loop])
        #expect(found.programs.count == 4)
        #expect(
            found.refusals == [
                ObjectError(object: "\(folder)/bad.o", .notELF),
                ObjectError(object: "\(folder)/inner/empty", .noObject),
                ObjectError(object: "\(folder)/none", .missing),
            ])
    }

    @Test("No descriptor stays open, whatever happens to an object", .enabled(if: Clang.isThere, Clang.need))
    func descriptors() throws {
        func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        let good = try Clang.compileSeed("callback")
        let bytes = try Scratch.bytes(of: good)
        let half = try Scratch.file(Array(bytes[..<(bytes.count / 2)]))
        let paths = try [good, half, Scratch.file([]), "/dev/null", "/none"]
        let before = try count()
        for _ in 0..<200 { _ = ObjectCollection(paths: paths) }
        // Other tests run beside this one and have a few files open.
        #expect(try count() < before + 100)
    }
}
