import Glibc

/// A file that a command writes because its user named it.
///
/// Only what is a regular file, or not there yet, is ever replaced.
package struct OutputFile: Hashable, Sendable {
    /// The path as the user named it.
    package let name: String
    /// The path after symbolic links.
    package let path: String

    /// Checks that a file can be written, without touching anything; commands do so before long work.
    ///
    /// - Throws: ``FileError`` with the file, the reason, and what to do
    package init(_ name: String) throws(FileError) {
        try self.init(linked: name)
        if unsafe access(path, F_OK) == 0, unsafe access(path, W_OK) != 0 {
            throw FileError(name, cannotBe: "written", errno, advice: "; name another file")
        }
        try Folder.probe(FilePath.folder(of: path), for: name)
    }

    /// Returns true if another path leads to the same file, by whatever names and links, or to where it will be.
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

    /// Finds the file behind symbolic links.
    ///
    /// - Throws: ``FileError`` when there is something that is no file
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

    /// Writes a file whole or not at all.
    ///
    /// - Parameter mode: the permissions of a new file, before the umask
    /// - Throws: ``FileError`` with the file and the reason; what was there before is then still there
    package static func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o666) throws(FileError) {
        let file = try OutputFile(linked: name)
        let pending = try PendingFile(replacing: file.path, named: name, mode: mode)
        try pending.write(bytes)
        try pending.commit()
    }
}
