import Glibc

/// A file that is written beside the one that it will replace, and takes its name at the end.
///
/// After a crash the target has either its old or its new content. An instance that is dropped before ``commit()`` leaves
/// nothing.
package final class PendingFile {
    /// What the names of files begin with that are being written; one that is left over was never finished.
    package static let temporaryPrefix = ".writing-"

    private let target: String
    private let temporary: String
    /// The name of the target in errors.
    private let name: String
    private var descriptor: Int32

    /// Begins to write.
    ///
    /// - Parameters:
    ///   - target: the file to replace, without symbolic links
    ///   - name: what errors call the file
    ///   - mode: the permissions of a new file, before the umask; those of an old one stay
    /// - Throws: ``FileError`` with the file and the reason
    package init(replacing target: String, named name: String? = nil, mode: mode_t = 0o666) throws(FileError) {
        self.target = target
        self.name = name ?? target
        temporary =
            "\(FilePath.folder(of: target))/\(Self.temporaryPrefix)\(getpid())-\(FilePath.name(of: target).suffix(20))"
        descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(self.name, cannotBe: "written", errno) }
        var old = stat()
        if unsafe stat(target, &old) == 0 {
            // A file that is replaced stays with its owner, and readable for its readers. Only root may give it away.
            if old.st_uid != geteuid() || old.st_gid != getegid() { _ = fchown(descriptor, old.st_uid, old.st_gid) }
            fchmod(descriptor, old.st_mode & 0o7777)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if descriptor != Self.committed { unsafe unlink(temporary) }
    }

    private static let closed = Int32(-1)
    private static let committed = Int32(-2)

    /// Writes the whole content.
    ///
    /// - Parameter isLasting: whether to wait until it has reached the disk
    /// - Throws: ``FileError`` with the file and the reason
    package func write(_ bytes: [UInt8], isLasting: Bool = false) throws(FileError) {
        let isWritten =
            unsafe bytes.withUnsafeBytes { unsafe Descriptor.put($0, descriptor) }
            && (!isLasting || fsync(descriptor) == 0)
        let reason = errno
        let isClosed = close(descriptor) == 0
        descriptor = Self.closed
        if !isWritten || !isClosed { throw FileError(name, cannotBe: "written", isWritten ? errno : reason) }
    }

    /// Gives the file its name.
    ///
    /// - Throws: ``FileError`` with the file and the reason; the old file is then still there
    package func commit() throws(FileError) {
        guard unsafe rename(temporary, target) == 0 else { throw FileError(name, cannotBe: "written", errno) }
        descriptor = Self.committed
    }
}
