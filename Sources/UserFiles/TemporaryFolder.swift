import Glibc
import Synchronization

/// The place for files that are needed for a moment: `$TMPDIR`, or `/tmp`.
package enum TemporaryFolder {
    /// Its path.
    package static var path: String {
        guard let value = unsafe getenv("TMPDIR") else { return "/tmp" }
        var path = unsafe String(cString: value)
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return path.isEmpty ? "/tmp" : path
    }

    /// The folders that were made and are not removed yet.
    private static let made = Mutex<Set<String>>([])

    /// Makes a folder there with a name of its own, readable by this user only; the caller removes it.
    ///
    /// - Throws: ``FileError`` that names `TMPDIR`
    package static func make() throws(FileError) -> String {
        var name = Array("\(path)/bpf-patch-fuzz-\(getpid())-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&name) != nil else { throw refusal(errno) }
        let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        made.withLock { _ = $0.insert(folder) }
        return folder
    }

    /// Checks that files can be made there.
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

    /// Removes all folders that were made and are not removed yet.
    static func removeAll() { for folder in made.withLock({ $0 }) { remove(folder) } }

    /// Removes a folder and all in it.
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
        let advice = isSet ? "set TMPDIR to a folder that can be written to, or unset it" : "set TMPDIR to one that can"
        return FileError(
            "\(path): temporary files cannot be written there\(isSet ? ", where TMPDIR points" : ""): "
                + "\(SystemReason.text(code)); \(advice)")
    }
}
