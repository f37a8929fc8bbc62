import Glibc

/// Writing to descriptors.
package enum Descriptor {
    /// Writes all bytes; returns false with the reason in `errno` when that is not possible.
    package static func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = unsafe write(descriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return false }
            start += count
        }
        return true
    }

    /// Another number for a descriptor, which no program inherits; nothing has it that the user may have opened.
    ///
    /// - Returns: -1 with the reason in `errno` when there is none
    package static func duplicate(_ descriptor: Int32) -> Int32 {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 10)
        // The system calls a number beyond the limit an invalid argument.
        if own < 0 && errno == EINVAL { errno = EMFILE }
        return own
    }

    /// Whether bytes can be written to a descriptor without waiting, within a time; also when a write is an error at once.
    ///
    /// - Parameter count: up to `PIPE_BUF`
    /// - Units: milliseconds
    package static func isWritable(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
        var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let ready = unsafe poll(&waited, 1, milliseconds)
            if ready >= 0 || errno != EINTR { return ready != 0 }
        }
    }

    /// Opens `/dev/null` in the place of each standard descriptor that is closed, so that no file gets its number.
    ///
    /// It is opened the wrong way round: whatever reads the input or writes the output then still gets `EBADF`, in this
    /// process and in those that inherit it.
    package static func occupyStandardNumbers() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            let direction = number == STDIN_FILENO ? O_WRONLY : O_RDONLY
            // The lowest number that is free, which is this one.
            _ = unsafe open("/dev/null", direction)
        }
    }
}
