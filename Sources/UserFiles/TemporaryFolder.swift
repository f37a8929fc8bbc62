import Glibc
import Synchronization

/// Temporary folders in `$TMPDIR` or `/tmp`.
package enum TemporaryFolder {
    /// `$TMPDIR` or `/tmp`.
    package static var path: String {
        guard let value = unsafe getenv("TMPDIR") else { return "/tmp" }
        var path = unsafe String(cString: value)
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return path.isEmpty ? "/tmp" : path
    }

    /// The folders to remove.
    private static let made = Mutex<Set<String>>([])

    /// Makes a folder with a unique name, readable by this user only. The caller removes it.
    ///
    /// - Throws: ``FileError`` that names `TMPDIR`
    package static func make() throws(FileError) -> String {
        var name = Array("\(path)/bpf-patch-fuzz-\(getpid())-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&name) != nil else { throw refusal(errno) }
        let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        made.withLock { _ = $0.insert(folder) }
        return folder
    }

    /// Checks that files can be made in ``path``.
    ///
    /// - Throws: ``FileError`` that names `TMPDIR`
    package static func check() throws(FileError) {
        let descriptor = Folder.openNameless(in: path)
        if descriptor >= 0 {
            close(descriptor)
        } else if [ENOENT, ENOTDIR, EACCES, EROFS, ENOSPC].contains(errno) {
            throw refusal(errno)
        }
    }

    /// Removes all remaining folders.
    static func removeAll() { for folder in made.withLock({ $0 }) { remove(folder) } }

    /// Removes a folder with its contents.
    package static func remove(_ folder: String) {
        made.withLock { _ = $0.remove(folder) }
        for name in (try? Folder.names(in: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            if FileKind(of: path, followingLinks: false) == .folder { remove(path) } else { unsafe unlink(path) }
        }
        unsafe rmdir(folder)
    }

    private static func refusal(_ code: Int32) -> FileError {
        let isSet = unsafe getenv("TMPDIR") != nil
        let advice = "set TMPDIR to a writable folder" + (isSet ? ", or unset it" : "")
        return FileError(
            "\(path): temporary files cannot be written there\(isSet ? ", where TMPDIR points" : ""): "
                + "\(SystemReason.text(code)); \(advice)")
    }
}
