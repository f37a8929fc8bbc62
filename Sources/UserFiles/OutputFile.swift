import Glibc

/// An output file that the user named.
///
/// Only regular files are replaced.
package struct OutputFile: Hashable, Sendable {
    /// The path as the user named it.
    package let name: String
    /// The path after symbolic links.
    package let path: String

    /// Checks that a file can be written, before long work. The check changes nothing.
    ///
    /// - Throws: ``FileError`` with the file, the reason, and the remedy
    package init(_ name: String) throws(FileError) {
        try self.init(linked: name)
        if unsafe access(path, F_OK) == 0, unsafe access(path, W_OK) != 0 {
            throw FileError(name, cannotBe: "written", errno, advice: "; name another file")
        }
        try Folder.probe(FilePath.folder(of: path), for: name)
    }

    /// Returns true if another path leads to the same file, or to the place of the same new file.
    package func isSame(as other: String) -> Bool {
        var (one, two) = (stat(), stat())
        if unsafe stat(path, &one) == 0 {
            return unsafe stat(other, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino
        }
        guard FilePath.name(of: path) == FilePath.name(of: other),
            unsafe stat(FilePath.folder(of: path), &one) == 0, unsafe stat(FilePath.folder(of: other), &two) == 0
        else { return false }
        return one.st_dev == two.st_dev && one.st_ino == two.st_ino
    }

    /// Resolves symbolic links.
    ///
    /// - Throws: ``FileError`` if the path exists and is not a regular file
    private init(linked name: String) throws(FileError) {
        self.name = name
        if name.isEmpty { throw FileError("the name of a file to write is empty; name a file") }
        let inside = "name a file in it, as \(name.hasSuffix("/") ? name : name + "/")NAME"
        if name.hasSuffix("/") || ["", ".", ".."].contains(FilePath.name(of: name)) {
            throw FileError("\(name): cannot be written: it is the name of a folder; \(inside)")
        }
        if FilePath.isDescriptor(name) {
            throw FileError("\(name): cannot be written: it is an open descriptor of a process; name a file")
        }
        guard let path = FilePath.withoutLinks(name) else { throw FileError(name, cannotBe: "written", ELOOP) }
        self.path = path
        switch FileKind(of: path, followingLinks: false) {
        case .file: break
        case .folder: throw FileError(name, cannotBe: "written", kind: .folder, advice: inside)
        case let other?: throw FileError(name, cannotBe: "written", kind: other, advice: "name a file")
        case nil where errno != ENOENT: throw FileError(name, cannotBe: "written", errno, advice: "; name another file")
        case nil: break
        }
    }

    /// Writes a file atomically.
    ///
    /// - Parameter mode: the permissions of a new file, before the umask
    /// - Throws: ``FileError`` with the file and the reason; the old file is then unchanged
    package static func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o666) throws(FileError) {
        let file = try OutputFile(linked: name)
        let pending = try PendingFile(replacing: file.path, named: name, mode: mode)
        try pending.write(bytes)
        try pending.commit()
    }
}
