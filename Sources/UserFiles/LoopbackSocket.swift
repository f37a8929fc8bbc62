import CProcess
import Glibc
import SystemPackage

/// A TCP socket that accepts connections of this machine only (127.0.0.1).
///
/// Its descriptors are closed in started programs.
package struct LoopbackSocket: ~Copyable, Sendable {
    private let descriptor: FileDescriptor
    /// The port number.
    package let port: UInt16

    /// Listens on a port.
    ///
    /// - Parameter port: the port number, or 0 for any free port
    /// - Throws: for example `EADDRINUSE` if the port is taken, or `EACCES` if only root may use it
    package init(port: UInt16) throws(Errno) {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(AF_INET, kind, 0)
        if number < 0 { throw Errno.last }
        guard let found = Self.listen(number, port) else {
            let reason = Errno.last
            FileDescriptor(rawValue: number).end()
            throw reason
        }
        (descriptor, self.port) = (FileDescriptor(rawValue: number), found)
    }

    /// Makes a socket listen; returns its port, or `nil` with `errno` set.
    private static func listen(_ number: Int32, _ port: UInt16) -> UInt16? {
        // Without it, the port of an ended campaign stays taken for a minute.
        var isReused: Int32 = 1
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let size = length
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                if unsafe bind(number, general, size) != 0 || Glibc.listen(number, 8) != 0 { return Int32(-1) }
                return unsafe getsockname(number, general, &length)
            }
        }
        return status == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }

    deinit { descriptor.end() }

    /// Waits for a connection.
    ///
    /// - Parameters:
    ///   - milliseconds: the longest wait
    ///   - patience: the seconds after which a read or write of the connection fails
    /// - Returns: the connection, or `nil` if there is none in time
    package func accept(within milliseconds: Int32, patience: Int) -> FileDescriptor? {
        var waited = [pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)]
        guard (try? SystemCall.wait(for: &waited, within: milliseconds)) == true else { return nil }
        let number = process_accept(descriptor.rawValue)
        if number < 0 { return nil }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = unsafe setsockopt(number, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        return FileDescriptor(rawValue: number)
    }
}
