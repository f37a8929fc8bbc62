import Glibc

/// Creates, checks and lists folders that users name.
package enum Folder {
    /// Makes a folder and its missing parents.
    ///
    /// - Throws: ``FileError`` with the folder and the reason
    package static func make(_ path: String) throws(FileError) {
        if path.isEmpty { throw FileError("the name of a folder is empty; name a folder") }
        if unsafe mkdir(path, 0o777) == 0 { return }
        switch errno {
        case EEXIST, EISDIR:
            let kind = FileKind(of: path)
            if let kind, kind != .folder {
                throw FileError("\(path): is \(kind.words) and no folder; name a folder")
            }
            if kind == nil { throw FileError(path, cannotBe: "made", errno, advice: "; name another folder") }
        case ENOENT:
            let above = parent(of: path)
            if above == path { throw FileError(path, cannotBe: "made", ENOENT) }
            try make(above)
            if unsafe mkdir(path, 0o777) != 0 && errno != EEXIST { fallthrough }
        default: throw FileError(path, cannotBe: "made", errno, advice: "; name another folder")
        }
    }

    /// Checks that a folder is writable, or could be made. The check changes nothing.
    ///
    /// - Throws: ``FileError`` with the folder and the reason
    package static func check(_ path: String) throws(FileError) {
        if path.isEmpty { throw FileError("the name of a folder is empty; name a folder") }
        var nearest = path
        while true {
            if let kind = FileKind(of: nearest) {
                if kind == .folder { return try probe(nearest, for: path) }
                if nearest == path { throw FileError("\(path): is \(kind.words) and no folder; name a folder") }
                throw FileError(path, cannotBe: "made", ENOTDIR, advice: "; name another folder")
            }
            let above = parent(of: nearest)
            if errno != ENOENT || above == nearest || FileKind(of: nearest, followingLinks: false) != nil {
                throw FileError(path, cannotBe: "made", errno, advice: "; name another folder")
            }
            nearest = above
        }
    }

    /// Checks that files can be made in a folder.
    ///
    /// - Parameter name: the file or folder that an error names
    /// - Throws: ``FileError`` with the name and the reason
    static func probe(_ folder: String, for name: String) throws(FileError) {
        let descriptor = openNameless(in: folder)
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        let reason = errno
        let advice =
            reason == ENOENT ? " (there is no folder \(folder)); make it first" : "; name another place"
        // Without O_TMPFILE support, create a named file and remove it at once.
        guard [EOPNOTSUPP, EISDIR, EINVAL].contains(reason) else {
            throw FileError(name, cannotBe: "written", reason, advice: advice)
        }
        let file = "\(folder)/\(PendingFile.temporaryPrefix)\(getpid())"
        let named = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard named >= 0 else { throw FileError(name, cannotBe: "written", errno, advice: "; name another place") }
        close(named)
        unsafe unlink(file)
    }

    /// Opens an unnamed temporary file (`O_TMPFILE`), which the kernel frees when its descriptor is closed.
    ///
    /// - Returns: a negative value on failure, for example if the file system does not support it
    package static func openNameless(in folder: String) -> Int32 {
        // The value of O_TMPFILE, a macro that Swift cannot import.
        unsafe open(folder, 0o20_000_000 | O_DIRECTORY | O_RDWR | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// The names in a folder, sorted, without `.` and `..`.
    ///
    /// - Throws: ``FileError`` with the folder and the reason
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw FileError(path, cannotBe: "read", errno) }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while true {
            // readdir returns nothing both at the end and on an error; only errno tells them apart.
            errno = 0
            guard let entry = unsafe readdir(folder) else { break }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        if errno != 0 { throw FileError(path, cannotBe: "read", errno) }
        return names.sorted()
    }

    /// The parent folder of a path, without trailing slashes.
    private static func parent(of path: String) -> String {
        var path = path[...]
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return FilePath.folder(of: String(path))
    }
}
