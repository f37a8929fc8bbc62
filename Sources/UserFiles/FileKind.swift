import Glibc

/// What a path leads to.
package enum FileKind: Hashable, Sendable {
    case file, folder, fifo, socket, device, link

    /// The kind with its article, for errors.
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

    /// Looks at a path.
    ///
    /// - Parameter followingLinks: whether a symbolic link counts as what it leads to
    /// - Returns: `nil` when it cannot be looked at; `errno` then has the reason
    package init?(of path: String, followingLinks: Bool = true) {
        var status = stat()
        guard unsafe (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.init(mode: status.st_mode)
    }

    /// The kind in the mode of a file.
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
