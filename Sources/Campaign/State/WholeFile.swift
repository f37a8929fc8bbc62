import Foundation
import UserFiles

/// Files of campaigns, with the errors of campaigns.
///
/// - Source: ``FileReader``, ``PendingFile`` and ``Folder``, which do the work
enum WholeFile {
    /// What the names of files begin with that are being written; one that is left over was never finished.
    static let temporaryPrefix = PendingFile.temporaryPrefix

    /// Reads a file to its end: also a device or a pipe, whose size is not known before.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func read(_ path: String) throws(CampaignError) -> Data {
        Data(try onFiles { () throws(FileError) in try FileReader.bytes(of: path) })
    }

    /// Opens a file without a name; see ``Folder/openNameless(in:)``.
    static func openNameless(in folder: String) -> Int32 { Folder.openNameless(in: folder) }

    /// Adds to the end of a file.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func append(_ bytes: Data, to path: String) throws(CampaignError) {
        // Opening a FIFO would wait for a reader.
        if let kind = FileKind(of: path), kind != .file {
            throw CampaignError("\(path): cannot be written: it is \(kind.words); move it away")
        }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw refusal(path) }
        let isWritten = Output.put(bytes, descriptor)
        let status = errno
        let isClosed = close(descriptor) == 0
        if !isWritten || !isClosed { throw refusal(path, isWritten ? errno : status) }
    }

    /// Writes a file whole or not at all, also when power is lost.
    ///
    /// The bytes are on the disk before the name leads to them, and the name is before this returns. The other way round a
    /// loss of power could leave the new name with old or no bytes, on file systems that write names first. So whoever
    /// writes one file that speaks of another lets that other last first; see ``FreshFiles``.
    ///
    /// - Parameter prepare: what to do when the bytes are safe, and the name does not lead to them yet
    /// - Throws: ``CampaignError`` with the file and the reason; `prepare` has not been called when there is no room
    static func writeLasting(
        _ bytes: Data, to path: String, beforeRenaming prepare: () throws(CampaignError) -> Void = {}
    ) throws(CampaignError) {
        let pending = try onFiles { () throws(FileError) in
            let pending = try PendingFile(replacing: path)
            try pending.write(Array(bytes), isLasting: true)
            return pending
        }
        try prepare()
        try onFiles { () throws(FileError) in try pending.commit() }
        try synchronize(folder: URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Lets a file that has been written reach the disk; one that is not there any more is somebody else's business.
    ///
    /// - Throws: ``CampaignError`` with the file and the reason
    static func synchronize(_ path: String) throws(CampaignError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { return }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw refusal(path) }
    }

    /// Lets the names in a folder reach the disk; where that cannot be asked for, nothing is lost by not asking.
    ///
    /// - Throws: ``CampaignError`` when the disk fails
    static func synchronize(folder: String) throws(CampaignError) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { return }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 && errno == EIO { throw refusal(folder) }
    }

    private static func refusal(_ path: String, _ reason: Int32 = errno) -> CampaignError {
        CampaignError("\(path): cannot be written: \(SystemReason.text(reason))")
    }
}

/// Does something with files, whose errors become those of a campaign.
///
/// - Throws: ``CampaignError`` with the words of the file's error
package func onFiles<Result>(_ work: () throws(FileError) -> Result) throws(CampaignError) -> Result {
    do throws(FileError) { return try work() } catch { throw CampaignError(error.description) }
}
