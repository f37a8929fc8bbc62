import Glibc
import SystemPackage

/// System calls that swift-system 1.8 does not have. They are repeated after a signal, unless they say otherwise.
package enum SystemCall {
    /// rename(2).
    package static func rename(_ old: String, to new: String) throws(Errno) {
        try repeated { unsafe Glibc.rename(old, new) }
    }

    /// link(2).
    package static func link(_ old: String, as new: String) throws(Errno) {
        try repeated { unsafe Glibc.link(old, new) }
    }

    /// unlink(2).
    package static func unlink(_ path: String) throws(Errno) { try repeated { unsafe Glibc.unlink(path) } }

    /// rmdir(2).
    static func removeFolder(_ path: String) throws(Errno) { try repeated { unsafe rmdir(path) } }

    /// mkdir(2).
    package static func makeFolder(_ path: String) throws(Errno) { try repeated { unsafe mkdir(path, 0o777) } }

    /// mkdtemp(3): makes a folder that only this user can read.
    ///
    /// - Returns: the prefix and six characters that make it unique
    static func makeUniqueFolder(_ prefix: String) throws(Errno) -> String {
        var path = Array("\(prefix)XXXXXX".utf8CString)
        guard unsafe mkdtemp(&path) != nil else { throw Errno.last }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// access(2): checks a permission of this user, such as `R_OK`.
    package static func check(_ path: String, for permission: Int32) throws(Errno) {
        try repeated { unsafe access(path, permission) }
    }

    /// The target of a symbolic link: readlink(2).
    package static func target(ofLink path: String) throws(Errno) -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try repeated { unsafe readlink(path, &bytes, bytes.count) }
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The absolute path of an existing file without links, `.` and `..`: realpath(3).
    package static func resolve(_ path: String) throws(Errno) -> String {
        guard let found = unsafe realpath(path, nil) else { throw Errno.last }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    /// The names in a folder, sorted, without `.` and `..`: readdir(3).
    package static func names(in path: String) throws(Errno) -> [String] {
        guard let folder = unsafe opendir(path) else { throw Errno.last }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while true {
            // readdir returns nothing both at the end and on an error; only errno tells them apart.
            errno = 0
            guard let entry = unsafe readdir(folder) else { break }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        if errno != 0 { throw Errno.last }
        return names.sorted()
    }

    /// Waits for the end of a child process: waitpid(2).
    ///
    /// - Returns: its wait status
    static func waitForEnd(of child: pid_t) -> Int32 {
        var status: Int32 = 0
        _ = try? repeated { unsafe waitpid(child, &status, 0) }
        return status
    }

    /// The wait status of a child process that has ended, or `nil`: waitpid(2) with `WNOHANG`.
    static func endStatus(of child: pid_t) -> Int32? {
        var status: Int32 = 0
        return unsafe waitpid(child, &status, WNOHANG) == child ? status : nil
    }

    /// Waits for the end of a child process, whose number stays its own until it is waited for: waitid(2).
    package static func waitForEndWithoutReaping(of child: pid_t) {
        var information = unsafe siginfo_t()
        _ = try? repeated { unsafe waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) }
    }

    /// Waits for events of descriptors: poll(2). A signal ends the wait with `EINTR`.
    ///
    /// - Units: milliseconds
    /// - Returns: false if there is none in time
    package static func wait(for descriptors: inout [pollfd], within milliseconds: Int32) throws(Errno) -> Bool {
        let ready = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        if ready < 0 { throw Errno.last }
        return ready > 0
    }

    /// Repeats a call for as long as a signal interrupts it.
    @discardableResult
    fileprivate static func repeated<Number: SignedInteger>(_ call: () -> Number) throws(Errno) -> Number {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw Errno.last }
        }
    }
}

extension FileDescriptor {
    /// Opens an unnamed temporary file (`O_TMPFILE`), which the kernel frees when its descriptor is closed.
    ///
    /// - Throws: for example `EOPNOTSUPP` if the file system has no such files
    package static func openUnnamed(in folder: String) throws(Errno) -> FileDescriptor {
        // The value of O_TMPFILE, a macro that Swift cannot import.
        let unnamed = OpenOptions(rawValue: 0o20_000_000)
        return try .opening(
            folder, .readWrite, [unnamed, .directory, .append], permissions: .ownerReadWrite)
    }

    /// Opens a file with `O_CLOEXEC`, so that no started program inherits it.
    package static func opening(
        _ path: String, _ mode: AccessMode, _ options: OpenOptions = [], permissions: FilePermissions? = nil
    ) throws(Errno) -> FileDescriptor {
        try onErrno { try open(FilePath(path), mode, options: options.union(.closeOnExec), permissions: permissions) }
    }

    /// Closes a descriptor without writes. An error cannot lose data, so it is ignored.
    package func end() { try? close() }

    /// Reads in one call.
    ///
    /// - Parameters:
    ///   - count: the most bytes to read
    ///   - offset: the offset in the file, or `nil` for the current one
    ///   - retryOnInterrupt: false to throw `EINTR`
    /// - Returns: nothing at the end of the file
    package func readBytes(
        _ count: Int, at offset: Int64? = nil, retryOnInterrupt: Bool = true
    ) throws(Errno) -> [UInt8] {
        try onErrno {
            try unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, used in
                let buffer = UnsafeMutableRawBufferPointer(bytes)
                used =
                    if let offset {
                        try unsafe read(fromAbsoluteOffset: offset, into: buffer)
                    } else {
                        try unsafe read(into: buffer, retryOnInterrupt: retryOnInterrupt)
                    }
            }
        }
    }

    /// Reads to the end of the file.
    ///
    /// - Parameter chunk: the most bytes to read in one call; one more than the size saves a call
    package func readToEnd(chunk: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try readBytes(chunk)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Writes all bytes.
    package func put(_ bytes: some Sequence<UInt8>) throws(Errno) { _ = try onErrno { try writeAll(bytes) } }

    /// Writes all bytes at an offset in the file.
    package func put(_ bytes: some Sequence<UInt8>, at offset: Int64) throws(Errno) {
        _ = try onErrno { try writeAll(toAbsoluteOffset: offset, bytes) }
    }

    /// Truncates or extends the file.
    package func setSize(_ bytes: Int) throws(Errno) { try onErrno { try resize(to: Int64(bytes)) } }

    /// Waits until the disk has the file: fsync(2).
    package func synchronize() throws(Errno) { try SystemCall.repeated { fsync(rawValue) } }

    /// Takes the lock of the file, without waiting: flock(2).
    package func lock() throws(Errno) { try SystemCall.repeated { flock(rawValue, LOCK_EX | LOCK_NB) } }

    /// Allocates disk space, so that a full disk is an error now and no signal later: posix_fallocate(3).
    package func allocate(_ bytes: Int) throws(Errno) {
        let code = posix_fallocate(rawValue, 0, off_t(bytes))
        if code != 0 { throw Errno(rawValue: code) }
    }

    /// Gives the file the owner of another one, which only root can, and its permissions.
    func copyOwner(of other: Stat) {
        let (user, group) = (other.userID.rawValue, other.groupID.rawValue)
        if user != geteuid() || group != getegid() { _ = fchown(rawValue, user, group) }
        fchmod(rawValue, other.permissions.rawValue)
    }

    /// Copies a descriptor to a number above those that a shell redirects. No started program inherits it.
    package func duplicateAside() throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return FileDescriptor(rawValue: try SystemCall.repeated { fcntl(rawValue, F_DUPFD_CLOEXEC, 10) })
        } catch {
            // The system calls a number beyond the limit an invalid argument.
            throw error == .invalidArgument ? .tooManyOpenFiles : error
        }
    }

    /// True if the descriptor is open.
    package var isOpen: Bool { fcntl(rawValue, F_GETFD) >= 0 }

    /// Makes a pipe hold so much before a write waits, if the system allows it.
    ///
    /// - Units: bytes
    package func setPipeSize(_ bytes: Int32) {
        // F_SETPIPE_SZ, which Swift does not import.
        _ = fcntl(rawValue, 1031, bytes)
    }

    /// Makes writes fail with `EAGAIN` instead of waiting.
    package func setNonBlocking() { _ = fcntl(rawValue, F_SETFL, O_NONBLOCK) }

    /// Returns true if up to `PIPE_BUF` bytes can be written within a time, or a write fails at once.
    ///
    /// - Units: milliseconds
    package func isWritable(within milliseconds: Int32) -> Bool {
        var waited = [pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)]
        while true {
            do throws(Errno) {
                return try SystemCall.wait(for: &waited, within: milliseconds)
            } catch  where error == .interrupted {
                continue
            } catch {
                return true
            }
        }
    }

    /// Opens `/dev/null` in the place of each closed standard descriptor, so that no file gets its number.
    ///
    /// Reads of the input and writes of the output still fail with `EBADF`: it is opened for the opposite direction.
    package static func occupyStandardNumbers() {
        for standard in [standardInput, standardOutput, standardError] where !standard.isOpen {
            // The lowest free number, which is this one. Started programs inherit it.
            let path: FilePath = "/dev/null"
            _ = try? open(path, standard == standardInput ? .writeOnly : .readOnly)
        }
    }
}

extension Errno {
    /// The error of the last C call. Read it before the next call.
    package static var last: Errno { Errno(rawValue: errno) }

    /// The reason for messages, in the words of the system.
    package var reason: String {
        self == .tooManyOpenFiles ? "\(description); raise their number with 'ulimit -n'" : description
    }
}

/// Runs functions of swift-system, which throw only `Errno` but do not declare it.
package func onErrno<Result>(_ work: () throws -> Result) throws(Errno) -> Result {
    do { return try work() } catch { throw error as? Errno ?? .invalidArgument }
}

extension FileType {
    /// The type of the file at a path.
    ///
    /// - Parameter followingLinks: false to return ``symbolicLink`` for a link
    package init(of path: String, followingLinks: Bool = true) throws(Errno) {
        self = try Stat(FilePath(path), followTargetSymlink: followingLinks).type
    }

    /// The type with its article, for errors.
    package var words: String {
        switch self {
        case .regular: "a file"
        case .directory: "a folder"
        case .fifo: "a FIFO"
        case .socket: "a socket"
        case .symbolicLink: "a symbolic link"
        default: "a device"
        }
    }

    /// True for a character or block device.
    package var isDevice: Bool { self == .characterSpecial || self == .blockSpecial }
}

extension FilePath {
    /// The folder of a path.
    package var folder: FilePath {
        let above = removingLastComponent()
        return above.isEmpty ? "." : above
    }

    /// The last component, or an empty string.
    package var name: String { lastComponent?.string ?? "" }
}
