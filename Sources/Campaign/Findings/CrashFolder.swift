import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// The folder of findings: one file a bucket, each replaced atomically.
package struct CrashFolder: Sendable {
    package let path: String

    /// Names a folder; see ``check()``.
    package init(path: String) { self.path = path }

    /// Checks that findings can be written. The folder itself is made with the first finding.
    ///
    /// - Throws: ``CampaignError`` with the folder and the reason
    package func check() throws(CampaignError) {
        do throws(FileError) { try Folder.check(path) } catch {
            throw CampaignError("\(error); this is the folder for findings")
        }
    }

    /// Checks that a case and its C program can be written later without replacing another C program of the user.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func checkWritable(_ c: Case, at path: String) throws(CampaignError) {
        try WholeFile.checkWritable(path)
        guard c.loading != nil, let program = program(beside: path) else { return }
        try WholeFile.checkWritable(program)
        if (try? FileType(of: program)) == nil { return }
        let start = try onFiles { () throws(FileError) in
            try FileReader.bytes(of: program, upTo: KernelReproducer.longestStart)
        }
        if KernelReproducer.isOwn(start) { return }
        throw CampaignError("\(program): exists and was not generated from a case; name another file for the case")
    }

    /// The path of the C program for a `.case` file; `nil` for other names.
    private static func program(beside file: String) -> String? {
        if !file.hasSuffix(".case") { return nil }
        return URL(fileURLWithPath: file).deletingPathExtension().appendingPathExtension("c").relativePath
    }

    /// The path of the case file of a bucket.
    package func file(of bucket: String) -> String {
        URL(fileURLWithPath: path).appendingPathComponent(
            bucket.replacingOccurrences(of: "/", with: "--") + ".case"
        ).relativePath
    }

    /// Writes a case file atomically.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func write(_ c: Case, to path: String) throws(CampaignError) {
        try WholeFile.write(CaseFile.print(c), to: path)
    }

    /// A case of the folder with the text of its file.
    struct Stored {
        var content: Case
        var text: String
    }

    /// The stored case of a bucket, or `nil` if there is none.
    ///
    /// An unreadable file is renamed, with a message.
    ///
    /// - Parameter isChanged: false to throw for an unreadable file instead
    /// - Throws: ``CampaignError`` if a file is unreadable and not renamed
    func stored(_ bucket: String, isChanged: Bool = true) throws(CampaignError) -> Stored? {
        let file = file(of: bucket)
        do throws(Errno) { _ = try FileType(of: file) } catch { if error == .noSuchFileOrDirectory { return nil } }
        let data = try WholeFile.read(file)
        if let text = String(bytes: data, encoding: .utf8), let c = try? CaseFile.parse(text, file: file) {
            return Stored(content: c, text: text)
        }
        if !isChanged {
            throw CampaignError(
                "\(file): is not a readable case; resume its campaign, then merge again")
        }
        let aside = file + ".unreadable"
        do throws(Errno) { try SystemCall.rename(file, to: aside) } catch {
            throw CampaignError("\(file): is not a readable case and cannot be renamed: \(error.reason); move it away")
        }
        Output.note("\(file): is not a readable case; renamed to \(aside)\n")
        return nil
    }

    /// Writes the case of a bucket atomically, and for a kernel case its C program. Unchanged files are not written.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    func write(_ stored: Stored, for bucket: String) throws(CampaignError) {
        try onFiles { () throws(FileError) in try Folder.make(path) }
        let file = file(of: bucket)
        try CrashFolder.writeUnlessThere(stored.text, to: file)
        try CrashFolder.writeProgram(of: stored.content, beside: file)
    }

    /// Writes the C program of a kernel case next to its file, if that is a `.case` file.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func writeProgram(of c: Case, beside file: String) throws(CampaignError) {
        guard let program = program(beside: file) else { return }
        if let text = KernelReproducer.text(of: c, file: FilePath(program).name) {
            try writeUnlessThere(text, to: program)
        }
    }

    private static func writeUnlessThere(_ text: String, to file: String) throws(CampaignError) {
        if FileManager.default.contents(atPath: file) == Data(text.utf8) { return }
        try WholeFile.write(text, to: file)
    }
}
