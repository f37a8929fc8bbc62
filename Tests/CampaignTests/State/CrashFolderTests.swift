import Foundation
import Fuzzing
import Testing

@testable import Campaign

/// The C program of a case replaces an existing file only if the tool has written that.
@Suite struct CrashFolderTests {
    private static func ofKernel() throws -> Case {
        try CaseFile.parse(
            "target: kernel\nbucket: kernel/x\ntype: xdp\n\nprogram\n    r0 = 0\n    exit\n", file: "c")
    }

    @Test func programsOfTheUserAreRefused() throws {
        let folder = try Tool.Folder()
        let c = try Self.ofKernel()
        let file = folder.path + "/a.case"
        try CrashFolder.checkWritable(c, at: file)
        _ = try folder.write("int main(void) { return 0; }\n", to: "mine.c")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/a.c", withDestinationPath: folder.path + "/mine.c")
        let error = #expect(throws: CampaignError.self) { try CrashFolder.checkWritable(c, at: file) }
        #expect(
            error?.description.contains("\(folder.path)/a.c: exists") == true, "\(String(describing: error))")
        // Cases of patchers have no program.
        var other = c
        other.loading = nil
        try CrashFolder.checkWritable(other, at: file)
        try CrashFolder.checkWritable(c, at: folder.path + "/a.txt")
    }

    @Test func programsOfTheToolAreReplaced() throws {
        let folder = try Tool.Folder()
        let c = try Self.ofKernel()
        let file = folder.path + "/a.case"
        try CrashFolder.write(c, to: file)
        try CrashFolder.writeProgram(of: c, beside: file)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/a.c"))
        try CrashFolder.checkWritable(c, at: file)
    }
}
