import Foundation
import SystemPackage
import UserFiles

/// Reads, appends to and replaces whole files of a campaign, with the errors of campaigns.
///
/// - Source: ``FileReader``, ``PendingFile`` and ``Folder``, which do the work
enum WholeFile {
    /// The name prefix of temporary files. A file that is left over was never complete.
    static let temporaryPrefix = PendingFile.temporaryPrefix

    /// Reads a file to its end. It may be a device or a pipe.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func read(_ path: String) throws(CampaignError) -> Data {
        Data(try onFiles { () throws(FileError) in try FileReader.bytes(of: path) })
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

    /// Replaces a file atomically, also if power is lost.
    ///
    /// The bytes reach the disk before the rename, and the rename before this returns: some file systems write names first.
    /// A file that refers to others is written after ``FreshFiles`` has synchronized them.
    ///
    /// - Parameter prepare: called when the bytes are on the disk, before the rename; not on a full disk
    /// - Throws: ``CampaignError`` with the file and the reason
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

    /// Waits until the disk has a file. A file that was removed since is left alone.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func synchronize(_ path: String) throws(CampaignError) {
        guard let file = try? FileDescriptor.opening(path, .readOnly) else { return }
        defer { file.end() }
        try onWriting(path, file.synchronize)
    }

    /// Waits until the disk has the names in a folder, if the file system supports that.
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

/// Converts the file errors of an operation to campaign errors.
///
/// - Throws: ``CampaignError`` with the text of the file error
package func onFiles<Result>(_ work: () throws(FileError) -> Result) throws(CampaignError) -> Result {
    do throws(FileError) { return try work() } catch { throw CampaignError(error.description) }
}
