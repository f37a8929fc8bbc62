import Glibc

/// Reading whole files.
package enum FileReader {
    /// How much is read of a device, of which some have no end.
    ///
    /// - Units: bytes
    private static let mostOfDevice = 64 << 20

    /// How much is read of a pipe, whose writer may never end.
    ///
    /// - Units: bytes
    package static let mostOfPipe = 512 << 20

    /// Reads a file to its end: also a device or a pipe of the shell, whose size is not known before.
    ///
    /// A FIFO is refused: without a writer the reader would wait for ever.
    ///
    /// - Parameter limit: how many bytes of the start are enough
    /// - Throws: ``FileError`` with the file and the reason
    package static func bytes(of path: String, upTo limit: Int = .max) throws(FileError) -> [UInt8] {
        try check(path)
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path, cannotBe: "read", errno) }
        defer { close(descriptor) }
        return try bytes(of: descriptor, named: path, upTo: limit)
    }

    /// Reads an open descriptor to its end.
    ///
    /// - Parameters:
    ///   - limit: how many bytes of the start are enough
    ///   - mostOfPipe: how many bytes a pipe may have
    /// - Throws: ``FileError`` with the name and the reason
    package static func bytes(
        of descriptor: Int32, named name: String, upTo limit: Int = .max, mostOfPipe: Int = mostOfPipe
    ) throws(FileError) -> [UInt8] {
        var status = stat()
        let isKnown = unsafe fstat(descriptor, &status) == 0
        let size = isKnown ? max(Int(status.st_size), 0) : 0
        let kind = isKnown ? FileKind(mode: status.st_mode) : .file
        var bytes: [UInt8] = []
        // One byte more than the size, so that the end of the file shows in the first read.
        var chunk = [UInt8](repeating: 0, count: min(max(size + 1, 1 << 16), 1 << 24))
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EBADF {
                throw FileError("\(name): cannot be read: it is closed; open it for reading")
            }
            if count < 0 { throw FileError(name, cannotBe: "read", errno) }
            bytes += chunk[..<max(count, 0)]
            if kind == .device && bytes.count > mostOfDevice {
                throw FileError("\(name): cannot be read: it is a device without an end; name a file")
            }
            if [.fifo, .socket].contains(kind) && bytes.count > mostOfPipe {
                throw FileError(
                    "\(name): cannot be read: the pipe has more than \(mostOfPipe >> 20) MiB; write them to a file and name it"
                )
            }
            if count == 0 || bytes.count >= limit { return bytes.count > limit ? Array(bytes.prefix(limit)) : bytes }
        }
    }

    /// Checks that a path can be opened for reading and is no folder, FIFO or socket.
    ///
    /// - Throws: ``FileError`` with the file and the reason
    package static func check(_ path: String) throws(FileError) {
        guard let kind = FileKind(of: path) else { throw FileError(path, cannotBe: "read", errno) }
        switch kind {
        case .folder: throw FileError(path, cannotBe: "read", EISDIR)
        case .fifo where !FilePath.isDescriptor(path), .socket:
            throw FileError(path, cannotBe: "read", kind: kind, advice: "name a file")
        default: if unsafe access(path, R_OK) != 0 { throw FileError(path, cannotBe: "read", errno) }
        }
    }
}
