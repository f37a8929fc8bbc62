import Glibc

/// The type of the file at a path.
package enum FileKind: Hashable, Sendable {
    case file, folder, fifo, socket, device, link

    /// The type with its article, for errors.
    package var words: String {
        switch self {
        case .file: "a file"
        case .folder: "a folder"
        case .fifo: "a FIFO"
        case .socket: "a socket"
        case .device: "a device"
        case .link: "a symbolic link"
        }
    }

    /// Queries the type of a path.
    ///
    /// - Parameter followingLinks: true to follow a symbolic link at the path
    /// - Returns: `nil` on failure, with the reason in `errno`
    package init?(of path: String, followingLinks: Bool = true) {
        var status = stat()
        guard unsafe (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.init(mode: status.st_mode)
    }

    /// Decodes a file mode.
    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        case S_IFIFO: self = .fifo
        case S_IFSOCK: self = .socket
        case S_IFLNK: self = .link
        default: self = .device
        }
    }
}
