import Foundation

/// Files that are as they were before, or as they were to be, whenever the process or the machine stops.
enum WholeFile {
    /// What the names of files begin with that are being written; one that is left over was never finished.
    static let temporaryPrefix = ".writing-"

    /// Reads a file to its end: also a device or a pipe, whose size nobody knows before.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    static func read(_ path: String) throws(CampaignError) -> Data {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(path, "read") }
        defer { close(descriptor) }
        var bytes = Data()
        var part = Data(count: 1 << 16)
        while true {
            let count = unsafe part.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw refusal(path, "read") }
            if count == 0 { return bytes }
            bytes += part.prefix(count)
        }
    }

    /// Opens a file without a name, which is gone with its descriptor however this process ends; negative where the file
    /// system has no such files.
    static func openNameless(in folder: String) -> Int32 {
        // What the C library calls O_TMPFILE is a macro that Swift cannot read.
        unsafe open(folder, 0o20_000_000 | O_DIRECTORY | O_RDWR | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// Adds to the end of a file.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    static func append(_ bytes: Data, to path: String) throws(CampaignError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw refusal(path) }
        let isWritten = Output.put(bytes, descriptor)
        let status = errno
        let isClosed = close(descriptor) == 0
        if !isWritten || !isClosed { throw refusal(path, "written", isWritten ? errno : status) }
    }

    /// Writes a file whole or not at all, as far as this process is concerned: to another name, which is then its own.
    ///
    /// - Parameter name: what errors call the file
    /// - Throws: ``CampaignError`` that says which file, and why not; what was there before is then there still
    static func write(_ bytes: Data, to path: String, named name: String? = nil) throws(CampaignError) {
        try write(bytes, to: path, named: name ?? path, isLasting: false) {}
    }

    /// Writes a file whole or not at all, also when power is lost.
    ///
    /// The bytes are on the disk before the name leads to them, and the name is before this returns. The other way round a
    /// loss of power could leave the new name with old or no bytes, on file systems that write names first. So whoever
    /// writes one file that speaks of another lets that other last first; see ``FreshFiles``.
    ///
    /// - Parameter prepare: what to do when the bytes are safe, and the name does not lead to them yet
    /// - Throws: ``CampaignError`` that says which file, and why not; `prepare` has not been called when there is no room
    static func writeLasting(
        _ bytes: Data, to path: String, beforeRenaming prepare: () throws(CampaignError) -> Void = {}
    ) throws(CampaignError) {
        try write(bytes, to: path, named: path, isLasting: true, prepare)
        try synchronize(folder: URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    private static func write(
        _ bytes: Data, to path: String, named name: String, isLasting: Bool, _ prepare: () throws(CampaignError) -> Void
    ) throws(CampaignError) {
        let file = URL(fileURLWithPath: path)
        let folder = file.deletingLastPathComponent().path
        let temporary = "\(folder)/\(temporaryPrefix)\(getpid())-\(file.lastPathComponent.suffix(20))"
        // A file that is replaced stays readable for whom it was.
        let mode = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? NSNumber
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw refusal(name) }
        if let mode { fchmod(descriptor, mode.uint32Value) }
        let isWritten = Output.put(bytes, descriptor) && (!isLasting || fsync(descriptor) == 0)
        let status = errno
        let isClosed = close(descriptor) == 0
        guard isWritten && isClosed else {
            let reason = isWritten ? errno : status
            unsafe unlink(temporary)
            throw refusal(name, "written", reason)
        }
        try prepare()
        guard unsafe rename(temporary, file.path) == 0 else {
            let reason = errno
            unsafe unlink(temporary)
            throw refusal(name, "written", reason)
        }
    }

    /// Lets a file that has been written reach the disk; one that is not there any more is somebody else's business.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
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

    private static func refusal(
        _ path: String, _ verb: String = "written", _ reason: Int32 = errno
    ) -> CampaignError {
        CampaignError("\(path): cannot be \(verb): \(unsafe String(cString: strerror(reason)))")
    }
}
