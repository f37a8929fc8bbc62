import UserFiles

/// Detects a statically linked executable, which has no dynamic loader and so cannot load plug-ins.
package enum StaticExecutable {
    /// True if this process runs a static executable.
    package static let isRunning: Bool = {
        guard let bytes = try? FileReader.bytes(of: "/proc/self/auxv"), !bytes.isEmpty else { return false }
        return isStatic(unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt.self)) })
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
