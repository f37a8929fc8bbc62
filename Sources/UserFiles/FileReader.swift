import Glibc
import SystemPackage

/// Reads whole files.
package enum FileReader {
    /// The most bytes read of a device, of which some have no end.
    private static let mostOfDevice = 64 << 20

    /// The most bytes read of a pipe, whose writer may never end.
    package static let mostOfPipe = 512 << 20

    /// Reads a file to its end. It may be a device or a pipe of the shell (`/dev/fd/N`), whose size is unknown.
    ///
    /// A FIFO is refused: without a writer the reader would hang.
    ///
    /// - Parameter limit: the maximum number of bytes to return
    /// - Throws: ``FileError`` with the file and the reason
    package static func bytes(of path: String, upTo limit: Int = .max) throws(FileError) -> [UInt8] {
        try check(path)
        let file: FileDescriptor
        do throws(Errno) { file = try .opening(path, .readOnly) } catch {
            throw FileError(path, cannotBe: "read", error)
        }
        defer { file.end() }
        return try bytes(of: file, named: path, upTo: limit)
    }

    /// Reads an open descriptor to its end.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of bytes to return
    ///   - mostOfPipe: the maximum number of bytes in a pipe
    /// - Throws: ``FileError`` with the name and the reason
    package static func bytes(
        of file: FileDescriptor, named name: String, upTo limit: Int = .max, mostOfPipe: Int = mostOfPipe
    ) throws(FileError) -> [UInt8] {
        let status = try? Stat(file)
        let type = status?.type ?? .regular
        // One byte more than the size, so that the end of the file shows in the first read.
        let most = min(max(Int(status?.size ?? 0) + 1, 1 << 16), 1 << 24)
        var bytes: [UInt8] = []
        while true {
            let chunk: [UInt8]
            do throws(Errno) { chunk = try file.readBytes(most) } catch {
                if error == .badFileDescriptor {
                    throw FileError("\(name): cannot be read: it is closed; open it for reading")
                }
                throw FileError(name, cannotBe: "read", error)
            }
            bytes += chunk
            if type.isDevice && bytes.count > mostOfDevice {
                throw FileError("\(name): cannot be read: it is a device without an end; name a file")
            }
            if [.fifo, .socket].contains(type) && bytes.count > mostOfPipe {
                throw FileError(
                    "\(name): cannot be read: the pipe has more than \(mostOfPipe >> 20) MiB; write them to a file and name it"
                )
            }
            if chunk.isEmpty || bytes.count >= limit { return bytes.count > limit ? Array(bytes.prefix(limit)) : bytes }
        }
    }

    /// Checks that a path can be opened for reading and is not a folder, FIFO or socket.
    ///
    /// - Throws: ``FileError`` with the file and the reason
    package static func check(_ path: String) throws(FileError) {
        let type: FileType
        do throws(Errno) {
            type = try FileType(of: path)
            if type == .directory { throw .isDirectory }
            try SystemCall.check(path, for: R_OK)
        } catch {
            throw FileError(path, cannotBe: "read", error)
        }
        if type == .socket || type == .fifo && !OutputFile.isDescriptor(path) {
            throw FileError(path, cannotBe: "read", type: type, advice: "name a file")
        }
    }
}
