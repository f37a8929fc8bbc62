import Glibc
import SystemPackage

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
        if (try? SystemCall.check(path, for: F_OK)) != nil {
            do throws(Errno) { try SystemCall.check(path, for: W_OK) } catch {
                throw FileError(name, cannotBe: "written", error, advice: "; name another file")
            }
        }
        try Folder.probe(FilePath(path).folder.string, for: name)
    }

    /// Returns true if another path leads to the same file, or to the place of the same new file.
    package func isSame(as other: String) -> Bool {
        let (own, other) = (FilePath(path), FilePath(other))
        func isSame(_ one: FilePath, _ two: FilePath) -> Bool? {
            guard let one = try? Stat(one) else { return nil }
            guard let two = try? Stat(two) else { return false }
            return one.deviceID == two.deviceID && one.inode == two.inode
        }
        return isSame(own, other) ?? (own.name == other.name && isSame(own.folder, other.folder) == true)
    }

    /// Resolves symbolic links.
    ///
    /// - Throws: ``FileError`` if the path exists and is not a regular file
    private init(linked name: String) throws(FileError) {
        self.name = name
        if name.isEmpty { throw FileError("the name of a file to write is empty; name a file") }
        let inside = "name a file in it, as \(name.hasSuffix("/") ? name : name + "/")NAME"
        if name.hasSuffix("/") || [".", ".."].contains(FilePath(name).name) {
            throw FileError("\(name): cannot be written: it is the name of a folder; \(inside)")
        }
        if Self.isDescriptor(name) {
            throw FileError("\(name): cannot be written: it is an open descriptor of a process; name a file")
        }
        let links = Self.links(from: name)
        path = links[links.count - 1]
        if links.count > Self.mostLinks { throw FileError(name, cannotBe: "written", .tooManySymbolicLinkLevels) }
        let type: FileType
        do throws(Errno) { type = try FileType(of: path, followingLinks: false) } catch {
            if error == .noSuchFileOrDirectory { return }
            throw FileError(name, cannotBe: "written", error, advice: "; name another file")
        }
        if type != .regular {
            throw FileError(
                name, cannotBe: "written", type: type, advice: type == .directory ? inside : "name a file")
        }
    }

    /// The longest chain of symbolic links.
    private static let mostLinks = 40

    /// A path and the targets of the chain of symbolic links that starts there. The last file may be missing.
    private static func links(from path: String) -> [String] {
        var chain = [path]
        while chain.count <= mostLinks, let next = try? SystemCall.target(ofLink: chain[chain.count - 1]) {
            chain.append(FilePath(chain[chain.count - 1]).folder.pushing(FilePath(next)).string)
        }
        return chain
    }

    /// Returns true if a path leads to an open descriptor of a process, as `/dev/stdout` does.
    static func isDescriptor(_ path: String) -> Bool {
        links(from: path).contains { link in
            guard let folder = try? SystemCall.resolve(FilePath(link).folder.string) else { return false }
            return folder.hasPrefix("/proc/") && FilePath(folder).name == "fd"
        }
    }

    /// Writes a file atomically.
    ///
    /// - Parameter mode: the permissions of a new file, before the umask
    /// - Throws: ``FileError`` with the file and the reason; the old file is then unchanged
    package static func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o666) throws(FileError) {
        let file = try OutputFile(linked: name)
        try PendingFile(bytes, replacing: file.path, named: name, mode: mode).commit()
    }
}

/// Atomic file replacement: a temporary file beside the target, which ``commit()`` renames to it.
///
/// After a crash the target has either its old or its new content. Without ``commit()``, `deinit` removes the temporary file.
package final class PendingFile {
    /// The name prefix of temporary files. A file that is left over was never complete.
    package static let temporaryPrefix = ".writing-"

    private let target: String
    private let temporary: String
    /// The name of the target in errors.
    private let name: String
    private var isCommitted = false

    /// Writes the temporary file.
    ///
    /// - Parameters:
    ///   - target: the file to replace, without symbolic links; the new one keeps its owner and permissions
    ///   - name: the file name in errors
    ///   - mode: the permissions of a new file, before the umask
    ///   - isLasting: true to wait for the disk with fsync(2)
    /// - Throws: ``FileError`` with the file and the reason
    package init(
        _ bytes: [UInt8], replacing target: String, named name: String? = nil, mode: mode_t = 0o666,
        isLasting: Bool = false
    ) throws(FileError) {
        self.target = target
        self.name = name ?? target
        let path = FilePath(target)
        temporary = path.folder.appending("\(Self.temporaryPrefix)\(getpid())-\(path.name.suffix(20))").string
        do throws(Errno) {
            let file = try FileDescriptor.opening(
                temporary, .writeOnly, [.create, .truncate, .noFollow], permissions: FilePermissions(rawValue: mode))
            try onErrno {
                try file.closeAfter {
                    if let old = try? Stat(path) { file.copyOwner(of: old) }
                    try file.put(bytes)
                    if isLasting { try file.synchronize() }
                }
            }
        } catch {
            throw FileError(self.name, cannotBe: "written", error)
        }
    }

    deinit { if !isCommitted { try? SystemCall.unlink(temporary) } }

    /// Renames the file to the target.
    ///
    /// - Throws: ``FileError`` with the file and the reason; the old file is then unchanged
    package func commit() throws(FileError) {
        do throws(Errno) { try SystemCall.rename(temporary, to: target) } catch {
            throw FileError(name, cannotBe: "written", error)
        }
        isCommitted = true
    }
}
