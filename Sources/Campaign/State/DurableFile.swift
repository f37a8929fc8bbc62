import Foundation

/// Files that a loss of power leaves whole: as they were before, or as they were to be.
enum DurableFile {
    /// What the names of files begin with that are being written; one that is left over was never finished.
    static let temporaryPrefix = ".writing-"

    /// Writes a file whole or not at all.
    ///
    /// The bytes are on the disk before the name leads to them, and the name is before this returns. The other way round a
    /// loss of power could leave the new name with old or no bytes, on file systems that write names first. So whoever
    /// writes one file that speaks of another writes that other first.
    ///
    /// - Parameter name: what errors call the file
    /// - Throws: ``CampaignError`` that says which file, and why not; what was there before is then there still
    static func write(_ bytes: Data, to path: String, named name: String? = nil) throws(CampaignError) {
        let file = URL(fileURLWithPath: path)
        let folder = file.deletingLastPathComponent().path
        let temporary = "\(folder)/\(temporaryPrefix)\(getpid())"
        // A file that is replaced stays readable for whom it was.
        let mode = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? NSNumber
        let path = name ?? path
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw refusal(path) }
        if let mode { fchmod(descriptor, mode.uint32Value) }
        let isWritten = put(bytes, descriptor) && fsync(descriptor) == 0
        let status = errno
        let isClosed = close(descriptor) == 0
        guard isWritten && isClosed, unsafe rename(temporary, file.path) == 0 else {
            let reason = isWritten ? errno : status
            unsafe unlink(temporary)
            throw refusal(path, reason)
        }
        synchronize(folder: folder)
    }

    /// Lets the names in a folder reach the disk; where that cannot be asked for, nothing is lost by not asking.
    static func synchronize(folder: String) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Writes all bytes; says whether they went, and leaves the reason in `errno` when not.
    private static func put(_ bytes: Data, _ descriptor: Int32) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress.map { unsafe $0 + start }, $0.count - start)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return false }
            start += count
        }
        return true
    }

    private static func refusal(_ path: String, _ reason: Int32 = errno) -> CampaignError {
        CampaignError("\(path): cannot be written: \(unsafe String(cString: strerror(reason)))")
    }
}
