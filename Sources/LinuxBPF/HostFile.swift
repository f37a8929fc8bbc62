import Glibc

/// The few calls to the file system that reading objects needs, with the path in each error.
enum HostFile {
    /// What a path leads to.
    enum Kind {
        case file, folder, other
    }

    /// What a path leads to.
    ///
    /// - Parameter followingLinks: whether a symbolic link counts as what it points to
    /// - Throws: ``ObjectError`` when nothing is there or it may not be looked at
    static func kind(of path: String, followingLinks: Bool = true) throws(ObjectError) -> Kind {
        var status = stat()
        let result = unsafe followingLinks ? stat(path, &status) : lstat(path, &status)
        if result != 0 { throw failure(path, errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// All bytes of a regular file.
    ///
    /// - Throws: ``ObjectError`` when it is missing, unreadable, or no regular file
    /// - Complexity: O(bytes)
    static func bytes(of path: String) throws(ObjectError) -> [UInt8] {
        // Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0 { throw failure(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        if unsafe fstat(descriptor, &status) != 0 { throw failure(path, errno) }
        if status.st_mode & S_IFMT != S_IFREG { throw ObjectError(object: path, .notAFile) }
        var bytes: [UInt8] = []
        // One byte more than the size, so that the end of the file shows in the first read.
        var chunk = [UInt8](repeating: 0, count: max(Int(status.st_size) + 1, 4096))
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path, errno)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// The names in a folder, sorted, without `.` and `..`.
    ///
    /// - Throws: ``ObjectError`` when it may not be listed
    /// - Complexity: O(n log n) in names
    static func names(in path: String) throws(ObjectError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw failure(path, errno) }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while true {
            // readdir gives nothing both at the end and on an error; only errno tells them apart.
            errno = 0
            guard let entry = unsafe readdir(folder) else { break }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        if errno != 0 { throw failure(path, errno) }
        return names.sorted()
    }

    /// What an `errno` says about a path.
    private static func failure(_ path: String, _ code: Int32) -> ObjectError {
        if code == ENOENT || code == ENOTDIR { return ObjectError(object: path, .missing) }
        return ObjectError(object: path, .unreadable(code: code, message: LibbpfLog.words(for: code)))
    }
}
