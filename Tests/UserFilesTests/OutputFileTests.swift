import Foundation
import SystemPackage
import Testing

@testable import UserFiles

/// Output files are replaced atomically, and only regular files are.
@Suite struct OutputFileTests {
    /// A temporary folder that is removed in `deinit`.
    private final class Scratch {
        let path: String
        init() throws { path = try TemporaryFolder.make() }
        deinit { TemporaryFolder.remove(path) }

        func text(_ name: String) -> String? {
            FileManager.default.contents(atPath: "\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
        }

        var names: [String] { (try? Folder.names(in: path)) ?? [] }
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func replacedFileKeepsItsMode() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/out"
        try OutputFile.write(Self.bytes("old"), to: file)
        unsafe chmod(file, 0o640)
        let reader = try FileDescriptor.opening(file, .readOnly)
        defer { reader.end() }
        try OutputFile.write(Self.bytes("new"), to: file)
        #expect(scratch.text("out") == "new" && scratch.names == ["out"])
        var status = stat()
        #expect(unsafe stat(file, &status) == 0 && status.st_mode & 0o777 == 0o640)
        // An open descriptor still has the old content.
        #expect(try FileReader.bytes(of: reader, named: "old") == Self.bytes("old"))
    }

    @Test func linksAreFollowed() throws {
        let scratch = try Scratch()
        for (link, target) in [("one", "two"), ("two", "\(scratch.path)/file")] {
            #expect(unsafe symlink(target, "\(scratch.path)/\(link)") == 0)
        }
        try OutputFile.write(Self.bytes("x"), to: scratch.path + "/one")
        #expect(scratch.text("file") == "x")
        #expect((try? FileType(of: scratch.path + "/one", followingLinks: false)) == .symbolicLink)
        #expect(unsafe symlink("round", "\(scratch.path)/round") == 0)
        #expect(throws: FileError.self) { try OutputFile(scratch.path + "/round") }
    }

    /// Both the check and the write refuse each of these and change nothing.
    @Test(arguments: [
        "folder", "folder/", "folder/.", "fifo", "socket", "link-to-folder", "link-to-fifo", "file/below", "none/below",
        "",
    ])
    func otherThanRegularFilesAreRefused(_ name: String) throws {
        let scratch = try Scratch()
        try Folder.make(scratch.path + "/folder")
        try OutputFile.write(Self.bytes("mine"), to: scratch.path + "/folder/inside")
        try OutputFile.write(Self.bytes("mine"), to: scratch.path + "/file")
        for (name, kind) in [("fifo", S_IFIFO), ("socket", S_IFSOCK)] {
            try #require(unsafe mknod("\(scratch.path)/\(name)", kind | 0o600, 0) == 0)
        }
        for target in ["folder", "fifo"] { unsafe symlink(target, "\(scratch.path)/link-to-\(target)") }
        let before = scratch.names
        let path = name.isEmpty ? "" : "\(scratch.path)/\(name)"
        let refused = #expect(throws: FileError.self) { try OutputFile(path) }
        #expect(refused?.description.contains(name.isEmpty ? "empty" : path) == true)
        #expect(throws: FileError.self) { try OutputFile.write(Self.bytes("x"), to: path) }
        #expect(scratch.names == before && scratch.text("folder/inside") == "mine" && scratch.text("file") == "mine")
    }

    @Test(arguments: ["/dev/null", "/dev/full", "/dev/stdout", "/proc/self/fd/1"])
    func devicesAndDescriptorsAreRefused(_ path: String) {
        #expect(throws: FileError.self) { try OutputFile(path) }
        #expect(throws: FileError.self) { try OutputFile.write([], to: path) }
    }

    @Test func uncommittedFileIsRemoved() throws {
        let scratch = try Scratch()
        do {
            let pending = try PendingFile(Self.bytes("half"), replacing: scratch.path + "/out")
            withExtendedLifetime(pending) { #expect(scratch.names.count == 1) }
        }
        #expect(scratch.names.isEmpty)
    }

    @Test func parentFoldersAreMade() throws {
        let scratch = try Scratch()
        for path in ["a", "a/b/c", "a/b/c/", "d//e"] {
            try Folder.check("\(scratch.path)/\(path)")
            try Folder.make("\(scratch.path)/\(path)")
            #expect((try? FileType(of: "\(scratch.path)/\(path)")) == .directory)
        }
        try OutputFile.write([], to: scratch.path + "/file")
        for path in ["file", "file/below", "file/below/it"] {
            #expect(throws: FileError.self) { try Folder.check("\(scratch.path)/\(path)") }
            #expect(throws: FileError.self) { try Folder.make("\(scratch.path)/\(path)") }
        }
        for path in ["/proc/none", "/dev/null/none", ""] {
            #expect(throws: FileError.self) { try Folder.check(path) }
        }
        #expect(scratch.names == ["a", "d", "file"])
    }

    @Test func checkChangesNothing() throws {
        let scratch = try Scratch()
        try Folder.check(scratch.path + "/a/b/c")
        _ = try OutputFile(scratch.path + "/file")
        #expect(scratch.names.isEmpty)
    }

    @Test func readErrorsNameTheReason() throws {
        let scratch = try Scratch()
        try OutputFile.write(Self.bytes("some text"), to: scratch.path + "/file")
        #expect(try FileReader.bytes(of: scratch.path + "/file") == Self.bytes("some text"))
        #expect(try FileReader.bytes(of: scratch.path + "/file", upTo: 4) == Self.bytes("some"))
        #expect(try FileReader.bytes(of: "/dev/null") == [])
        try #require(unsafe mknod("\(scratch.path)/fifo", S_IFIFO | 0o600, 0) == 0)
        for (path, code) in [
            (scratch.path, EISDIR), ("\(scratch.path)/none", ENOENT), ("\(scratch.path)/file/x", ENOTDIR),
        ] {
            let refused = #expect(throws: FileError.self) { try FileReader.bytes(of: path) }
            #expect(refused?.description == "\(path): cannot be read: \(Errno(rawValue: code).reason)")
        }
        let refused = #expect(throws: FileError.self) { try FileReader.bytes(of: "\(scratch.path)/fifo") }
        #expect(refused?.description.contains(FileType.fifo.words) == true)
    }
}
