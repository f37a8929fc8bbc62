import Glibc

/// True of a program that is one static file: it has no loader, and cannot load plug-ins.
public enum StaticFile {
    /// Whether this process runs such a program.
    public static let isRunning: Bool = {
        let file = unsafe open("/proc/self/auxv", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var words = [UInt](repeating: 0, count: 128)
        let size = unsafe words.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        return size > 0 && isStatic(Array(words.prefix(size / MemoryLayout<UInt>.size)))
    }()

    /// Looks for the place of a loader in what the kernel tells a program at its start: pairs of a kind and a value.
    ///
    /// - Source: getauxval(3), `AT_BASE`
    static func isStatic(_ vector: [UInt]) -> Bool {
        let base: UInt = 7
        for place in stride(from: 0, to: vector.count - 1, by: 2) where vector[place] == base {
            return vector[place + 1] == 0
        }
        return true
    }

    /// What is said to whoever names a plug-in.
    public static let refusal =
        "this bpf-patch-fuzz is one static file, which cannot load plug-ins; use the one that 'make build' makes"
}
