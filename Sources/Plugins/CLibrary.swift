import Glibc

/// Functions of the C library that Swift's module of it leaves out.
enum CLibrary {
    /// Makes a file that is nowhere but in memory; negative where that is not possible.
    ///
    /// - Source: memfd_create(2), with `MFD_CLOEXEC`
    static func makeMemoryFile(_ name: String) -> Int32 {
        typealias Function = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = unsafe dlsym(nil, "memfd_create") else { return -1 }
        return unsafe unsafeBitCast(symbol, to: Function.self)(name, 1)
    }

    /// The name of an error number, like `ENOSPC`, or `nil`.
    ///
    /// - Source: strerrorname_np(3)
    static func name(ofError number: Int32) -> String? {
        typealias Function = @convention(c) (Int32) -> UnsafePointer<CChar>?
        guard let symbol = unsafe dlsym(nil, "strerrorname_np") else { return nil }
        return unsafe unsafeBitCast(symbol, to: Function.self)(number).map { unsafe String(cString: $0) }
    }
}
