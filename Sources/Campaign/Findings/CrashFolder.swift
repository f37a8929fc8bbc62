import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// The folder of findings: one file a bucket, never half written.
package struct CrashFolder: Sendable {
    /// Where it is.
    package let path: String

    /// Names a folder; see ``check()``.
    package init(path: String) { self.path = path }

    /// Checks that findings can be written there, and makes nothing: a folder is made for the first finding.
    ///
    /// - Throws: ``CampaignError`` with the folder and the reason
    package func check() throws(CampaignError) {
        do throws(FileError) { try Folder.check(path) } catch {
            throw CampaignError("\(error); findings go there")
        }
    }

    /// Checks that a file can be written later, without touching it.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func checkWritable(_ path: String) throws(CampaignError) {
        _ = try onFiles { () throws(FileError) in try OutputFile(path) }
    }

    /// Checks that a case and the C program beside it can be written later, and that no program of the user's is there.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func checkWritable(_ c: Case, at path: String) throws(CampaignError) {
        try checkWritable(path)
        guard c.loading != nil, let program = program(beside: path) else { return }
        try checkWritable(program)
        if (try? FileType(of: program)) == nil { return }
        let start = try onFiles { () throws(FileError) in
            try FileReader.bytes(of: program, upTo: KernelReproducer.longestStart)
        }
        if KernelReproducer.isOwn(start) { return }
        throw CampaignError("\(program): is there already, and is no program of a case; name another file for the case")
    }

    /// The C program beside the file of a case, if that is a `.case` file.
    private static func program(beside file: String) -> String? {
        if !file.hasSuffix(".case") { return nil }
        return URL(fileURLWithPath: file).deletingPathExtension().appendingPathExtension("c").relativePath
    }

    /// Where the finding of a bucket is kept.
    package func file(of bucket: String) -> String {
        URL(fileURLWithPath: path).appendingPathComponent(
            bucket.replacingOccurrences(of: "/", with: "--") + ".case"
        ).relativePath
    }

    /// Writes a case whole or not at all, to a temporary file that is then renamed.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    package static func write(_ c: Case, to path: String) throws(CampaignError) {
        try write(CaseFile.print(c), to: path)
    }

    /// Writes a text whole or not at all, to a temporary file that is then renamed; a link is followed.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func write(_ text: String, to path: String) throws(CampaignError) {
        try onFiles { () throws(FileError) in try OutputFile.write(Array(text.utf8), to: path) }
    }

    /// A case in the folder, with the text that it was read from.
    struct Stored {
        var content: Case
        var text: String
    }

    /// The case that is kept for a bucket, or `nil` when there is none.
    ///
    /// A file that cannot be read as a case is put aside, and said so.
    ///
    /// - Parameter isChanged: whether the folder may be changed; otherwise such a file is an error
    /// - Throws: ``CampaignError`` when such a file cannot be put aside
    func stored(_ bucket: String, isChanged: Bool = true) throws(CampaignError) -> Stored? {
        let file = file(of: bucket)
        do throws(Errno) { _ = try FileType(of: file) } catch { if error == .noSuchFileOrDirectory { return nil } }
        let data = try WholeFile.read(file)
        if let text = String(bytes: data, encoding: .utf8), let c = try? CaseFile.parse(text, file: file) {
            return Stored(content: c, text: text)
        }
        if !isChanged {
            throw CampaignError(
                "\(file): is no case that can be read; go on with its campaign, and merge then")
        }
        let aside = file + ".unreadable"
        do throws(Errno) { try SystemCall.rename(file, to: aside) } catch {
            throw CampaignError("\(file): is no case and cannot be put aside: \(error.reason); move it away")
        }
        Output.note("\(file) cannot be read as a case; it is now \(aside)\n")
        return nil
    }

    /// Writes a bucket's case whole or not at all, and beside one against a kernel a C program that shows it; what is there
    /// already is left alone.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    func write(_ stored: Stored, for bucket: String) throws(CampaignError) {
        try onFiles { () throws(FileError) in try Folder.make(path) }
        let file = file(of: bucket)
        try CrashFolder.writeUnlessThere(stored.text, to: file)
        try CrashFolder.writeProgram(of: stored.content, beside: file)
    }

    /// Writes the C program that shows a case against a kernel beside its file, if that is a `.case` file.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    package static func writeProgram(of c: Case, beside file: String) throws(CampaignError) {
        guard let program = program(beside: file) else { return }
        if let text = KernelReproducer.text(of: c, file: FilePath(program).name) {
            try writeUnlessThere(text, to: program)
        }
    }

    private static func writeUnlessThere(_ text: String, to file: String) throws(CampaignError) {
        if FileManager.default.contents(atPath: file) == Data(text.utf8) { return }
        try CrashFolder.write(text, to: file)
    }
}
