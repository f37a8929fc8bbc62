import Foundation
import SystemPackage
import UserFiles

/// Reading and writing of a campaign's files, with ``CampaignError`` in place of the errors of `UserFiles`.
package enum WholeFile {
    /// The prefix of temporary files; a file that is left over was never completed.
    static let temporaryPrefix = PendingFile.temporaryPrefix

    /// Reads a file, device or pipe to its end.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func read(_ path: String) throws(CampaignError) -> Data {
        Data(try onFiles { () throws(FileError) in try FileReader.bytes(of: path) })
    }

    /// Checks that a file can be written later; changes nothing.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func checkWritable(_ path: String) throws(CampaignError) {
        _ = try onFiles { () throws(FileError) in try OutputFile(path) }
    }

    /// Writes a file atomically, following links: a temporary file is written and renamed.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    package static func write(_ text: String, to path: String) throws(CampaignError) {
        try onFiles { () throws(FileError) in try OutputFile.write(Array(text.utf8), to: path) }
    }

    /// Appends to a file.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func append(_ bytes: Data, to path: String) throws(CampaignError) {
        // Opening a FIFO would wait for a reader.
        if let type = try? FileType(of: path), type != .regular {
            throw CampaignError("\(path): cannot be written: it is \(type.words); move it away")
        }
        try onWriting(path) { () throws(Errno) in
            let file = try FileDescriptor.opening(
                path, .writeOnly, [.create, .append], permissions: FilePermissions(rawValue: 0o666))
            try onErrno { try file.closeAfter { try file.put(bytes) } }
        }
    }

    /// Writes a file atomically, also with respect to power failures.
    ///
    /// The bytes are on disk before the file is renamed, and the new name is on disk before this returns. Some file
    /// systems would otherwise write the name first and lose the bytes. A file that refers to others must be written
    /// after them; see ``FreshFiles``.
    ///
    /// - Parameter prepare: called after the bytes are on disk and before the file is renamed
    /// - Throws: ``CampaignError`` with the file and the reason; on a full disk `prepare` was not called
    static func writeLasting(
        _ bytes: Data, to path: String, beforeRenaming prepare: () throws(CampaignError) -> Void = {}
    ) throws(CampaignError) {
        let pending = try onFiles { () throws(FileError) in
            try PendingFile(Array(bytes), replacing: path, isLasting: true)
        }
        try prepare()
        try onFiles { () throws(FileError) in try pending.commit() }
        try synchronize(folder: FilePath(path).folder.string)
    }

    /// Calls `fsync` for a file; a file that was removed is ignored.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func synchronize(_ path: String) throws(CampaignError) {
        guard let file = try? FileDescriptor.opening(path, .readOnly) else { return }
        defer { file.end() }
        try onWriting(path, file.synchronize)
    }

    /// Calls `fsync` for the names in a folder, on file systems that support it.
    ///
    /// - Throws: ``CampaignError`` if the disk fails
    static func synchronize(folder: String) throws(CampaignError) {
        guard let file = try? FileDescriptor.opening(folder, .readOnly, .directory) else { return }
        defer { file.end() }
        try onWriting(folder) { () throws(Errno) in
            do throws(Errno) { try file.synchronize() } catch { if error == .ioError { throw error } }
        }
    }

    private static func onWriting(_ path: String, _ work: () throws(Errno) -> Void) throws(CampaignError) {
        do throws(Errno) { try work() } catch {
            throw CampaignError(FileError(path, cannotBe: "written", error).description)
        }
    }
}

/// Runs a closure and converts its file error.
///
/// - Throws: ``CampaignError`` with the text of the file error
package func onFiles<Result>(_ work: () throws(FileError) -> Result) throws(CampaignError) -> Result {
    do throws(FileError) { return try work() } catch { throw CampaignError(error.description) }
}
