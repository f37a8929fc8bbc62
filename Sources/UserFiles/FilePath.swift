import Glibc

/// Parts of paths, as text.
package enum FilePath {
    /// The folder that a path is in.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The name of a path in its folder.
    package static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// How many symbolic links may follow each other.
    private static let mostLinks = 40

    /// The path behind symbolic links, also one to a file that is not there yet.
    ///
    /// - Returns: `nil` when links go round in a circle
    static func withoutLinks(_ path: String) -> String? {
        var path = path
        for _ in 0..<mostLinks {
            guard let next = link(at: path) else { return path }
            path = next.hasPrefix("/") ? next : folder(of: path) + "/" + next
        }
        return nil
    }

    /// Returns true if a path is an open descriptor of a process, as `/dev/stdout` is after its links.
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

    /// The path of something that is there, without links, `.` and `..`.
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
