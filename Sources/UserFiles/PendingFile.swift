import Glibc

/// Atomic file replacement: writes a temporary file beside the target and renames it at the end.
///
/// After a crash the target has either its old or its new content. Without ``commit()``, `deinit` removes the temporary file.
package final class PendingFile {
    /// The name prefix of temporary files. A file that is left over was never complete.
    package static let temporaryPrefix = ".writing-"

    private let target: String
    private let temporary: String
    /// The name of the target in errors.
    private let name: String
    private var descriptor: Int32

    /// Opens the temporary file.
    ///
    /// - Parameters:
    ///   - target: the file to replace, without symbolic links
    ///   - name: the file name in errors
    ///   - mode: the permissions of a new file, before the umask; an old file keeps its permissions
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
            // The replaced file keeps its owner and permissions. Only root can change the owner.
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
    /// - Parameter isLasting: true to wait for the disk with fsync(2)
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

    /// Renames the file to the target.
    ///
    /// - Throws: ``FileError`` with the file and the reason; the old file is then unchanged
    package func commit() throws(FileError) {
        guard unsafe rename(temporary, target) == 0 else { throw FileError(name, cannotBe: "written", errno) }
        descriptor = Self.committed
    }
}
