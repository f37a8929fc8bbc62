import SystemPackage
import UserFiles

/// Reads object files, with the path in each error.
enum HostFile {
    /// The type of the file at a path.
    ///
    /// - Parameter followingLinks: true to follow a symbolic link at the path
    static func type(of path: String, followingLinks: Bool = true) throws(ObjectError) -> FileType {
        do throws(Errno) { return try FileType(of: path, followingLinks: followingLinks) } catch {
            throw failure(path, error)
        }
    }

    /// All bytes of a regular file.
    ///
    /// - Throws: ``ObjectError`` if it is missing, unreadable, or no regular file
    /// - Complexity: O(bytes)
    static func bytes(of path: String) throws(ObjectError) -> [UInt8] {
        do throws(Errno) {
            // Without O_NONBLOCK, open(2) would wait for the writer of a FIFO.
            let file = try FileDescriptor.opening(path, .readOnly, .nonBlocking)
            defer { file.end() }
            let status = try Stat(file)
            if status.type == .regular {
                // One byte more than the size, so that the end of the file shows in the first read.
                return try file.readToEnd(chunk: Int(status.size) + 1)
            }
        } catch {
            throw failure(path, error)
        }
        throw ObjectError(object: path, .notAFile)
    }

    /// The names in a folder, sorted, without `.` and `..`.
    ///
    /// - Complexity: O(n log n) in names
    static func names(in path: String) throws(ObjectError) -> [String] {
        do throws(Errno) { return try SystemCall.names(in: path) } catch { throw failure(path, error) }
    }

    private static func failure(_ path: String, _ error: Errno) -> ObjectError {
        if error == .noSuchFileOrDirectory || error == .notDirectory { return ObjectError(object: path, .missing) }
        let code = error.rawValue
        return ObjectError(object: path, .unreadable(code: code, message: LibbpfLog.words(for: code)))
    }
}
