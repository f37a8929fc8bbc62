import Glibc

/// Detects a statically linked executable, which has no dynamic loader and so cannot load plug-ins.
package enum StaticExecutable {
    /// True if this process runs a static executable.
    package static let isRunning: Bool = {
        let file = unsafe open("/proc/self/auxv", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var words = [UInt](repeating: 0, count: 128)
        let size = unsafe words.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        return size > 0 && isStatic(Array(words.prefix(size / MemoryLayout<UInt>.size)))
    }()

    /// Returns true if an auxiliary vector, as pairs of type and value, names no loader.
    ///
    /// - Source: getauxval(3), `AT_BASE`
    static func isStatic(_ vector: [UInt]) -> Bool {
        let base: UInt = 7
        for place in stride(from: 0, to: vector.count - 1, by: 2) where vector[place] == base {
            return vector[place + 1] == 0
        }
        return true
    }

    /// The error for a plug-in on the command line.
    package static let refusal =
        "this bpf-patch-fuzz is statically linked and cannot load plug-ins; use the executable from 'make build'"
}
