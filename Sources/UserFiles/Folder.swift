import Glibc
import Synchronization
import SystemPackage

/// Creates, checks and lists folders that users name.
package enum Folder {
    /// Makes a folder and its missing parents.
    ///
    /// - Throws: ``FileError`` with the folder and the reason
    package static func make(_ path: String) throws(FileError) {
        if path.isEmpty { throw FileError("the name of a folder is empty; name a folder") }
        var reason: Errno
        do throws(Errno) { return try SystemCall.makeFolder(path) } catch { reason = error }
        switch reason {
        case .fileExists, .isDirectory:
            let type: FileType?
            do throws(Errno) { type = try FileType(of: path) } catch { (type, reason) = (nil, error) }
            if type == .directory { return }
            if let type { throw FileError("\(path): is \(type.words) and no folder; name a folder") }
        case .noSuchFileOrDirectory:
            let above = FilePath(path).folder.string
            if above == path { throw FileError(path, cannotBe: "made", reason) }
            try make(above)
            do throws(Errno) { return try SystemCall.makeFolder(path) } catch { reason = error }
            if reason == .fileExists { return }
        default: break
        }
        throw FileError(path, cannotBe: "made", reason, advice: "; name another folder")
    }

    /// Checks that a folder is writable, or could be made. The check changes nothing.
    ///
    /// - Throws: ``FileError`` with the folder and the reason
    package static func check(_ path: String) throws(FileError) {
        if path.isEmpty { throw FileError("the name of a folder is empty; name a folder") }
        var nearest = path
        while true {
            let type: FileType?
            let reason: Errno
            do throws(Errno) { (type, reason) = (try FileType(of: nearest), .notDirectory) } catch {
                (type, reason) = (nil, error)
            }
            if type == .directory { break }
            if let type, nearest == path {
                throw FileError("\(path): is \(type.words) and no folder; name a folder")
            }
            let above = FilePath(nearest).folder.string
            let isMissing = reason == .noSuchFileOrDirectory && above != nearest
            if !isMissing || (try? FileType(of: nearest, followingLinks: false)) != nil {
                throw FileError(path, cannotBe: "made", reason, advice: "; name another folder")
            }
            nearest = above
        }
        try probe(nearest, for: path)
    }

    /// Checks that files can be made in a folder.
    ///
    /// - Parameter name: the file or folder that an error names
    /// - Throws: ``FileError`` with the name and the reason
    static func probe(_ folder: String, for name: String) throws(FileError) {
        do throws(Errno) { return try FileDescriptor.openUnnamed(in: folder).end() } catch {
            // Without O_TMPFILE support, create a named file and remove it at once.
            guard [.notSupportedOnSocket, .isDirectory, .invalidArgument].contains(error) else {
                let isMissing = error == .noSuchFileOrDirectory
                throw FileError(
                    name, cannotBe: "written", error,
                    advice: isMissing ? " (there is no folder \(folder)); make it first" : "; name another place")
            }
        }
        let file = "\(folder)/\(PendingFile.temporaryPrefix)\(getpid())"
        do throws(Errno) {
            try FileDescriptor.opening(file, .writeOnly, [.create, .exclusiveCreate], permissions: .ownerReadWrite)
                .end()
            try SystemCall.unlink(file)
        } catch {
            throw FileError(name, cannotBe: "written", error, advice: "; name another place")
        }
    }

    /// The names in a folder, sorted, without `.` and `..`.
    ///
    /// - Throws: ``FileError`` with the folder and the reason
    package static func names(in path: String) throws(FileError) -> [String] {
        do throws(Errno) { return try SystemCall.names(in: path) } catch {
            throw FileError(path, cannotBe: "read", error)
        }
    }
}

/// Temporary folders in `$TMPDIR` or `/tmp`.
package enum TemporaryFolder {
    /// `$TMPDIR` or `/tmp`.
    package static var path: String {
        guard let value = unsafe getenv("TMPDIR") else { return "/tmp" }
        let path = FilePath(unsafe String(cString: value))
        return path.isEmpty ? "/tmp" : path.string
    }

    /// The folders to remove.
    private static let made = Mutex<Set<String>>([])

    /// Makes a folder with a unique name, readable by this user only. The caller removes it.
    ///
    /// - Throws: ``FileError`` that names `TMPDIR`
    package static func make() throws(FileError) -> String {
        do throws(Errno) {
            let folder = try SystemCall.makeUniqueFolder("\(path)/bpf-patch-fuzz-\(getpid())-")
            made.withLock { _ = $0.insert(folder) }
            return folder
        } catch {
            throw refusal(error)
        }
    }

    /// Checks that files can be made in ``path``.
    ///
    /// - Throws: ``FileError`` that names `TMPDIR`
    package static func check() throws(FileError) {
        do throws(Errno) { try FileDescriptor.openUnnamed(in: path).end() } catch {
            let reasons: [Errno] = [
                .noSuchFileOrDirectory, .notDirectory, .permissionDenied, .readOnlyFileSystem, .noSpace,
            ]
            if reasons.contains(error) { throw refusal(error) }
        }
    }

    /// Removes all remaining folders.
    static func removeAll() { for folder in made.withLock({ $0 }) { remove(folder) } }

    /// Removes a folder with its contents.
    package static func remove(_ folder: String) {
        made.withLock { _ = $0.remove(folder) }
        for name in (try? SystemCall.names(in: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            if (try? FileType(of: path, followingLinks: false)) == .directory {
                remove(path)
            } else {
                try? SystemCall.unlink(path)
            }
        }
        try? SystemCall.removeFolder(folder)
    }

    private static func refusal(_ reason: Errno) -> FileError {
        let isSet = unsafe getenv("TMPDIR") != nil
        let advice = "set TMPDIR to a writable folder" + (isSet ? ", or unset it" : "")
        return FileError(
            "\(path): temporary files cannot be written there\(isSet ? ", where TMPDIR points" : ""): "
                + "\(reason.reason); \(advice)")
    }
}
