import Glibc

/// Path operations.
package enum FilePath {
    /// The folder of a path.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last component of a path.
    package static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The longest chain of symbolic links.
    private static let mostLinks = 40

    /// The target of a chain of symbolic links. The last file may be missing.
    ///
    /// - Returns: `nil` if the links form a loop
    static func withoutLinks(_ path: String) -> String? {
        var path = path
        for _ in 0..<mostLinks {
            guard let next = link(at: path) else { return path }
            path = next.hasPrefix("/") ? next : folder(of: path) + "/" + next
        }
        return nil
    }

    /// Returns true if a path leads to an open descriptor of a process, as `/dev/stdout` does.
    static func isDescriptor(_ path: String) -> Bool {
        var path = path
        for _ in 0..<mostLinks {
            let folder = folder(of: path)
            if let real = resolved(folder), real.hasPrefix("/proc/"), name(of: real) == "fd" { return true }
            guard let next = link(at: path) else { return false }
            path = next.hasPrefix("/") ? next : folder + "/" + next
        }
        return false
    }

    /// The path of an existing file without links, `.` and `..`.
    private static func resolved(_ path: String) -> String? {
        guard let found = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    private static func link(at path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &bytes, bytes.count)
        if count < 0 { return nil }
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
