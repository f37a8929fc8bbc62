import CLibbpf
import Glibc
import Synchronization

/// What libbpf would print, kept instead.
enum LibbpfLog {
    private static let warnings = Mutex<[String]>([])

    /// Runs `body` with libbpf's output kept, and puts the printing function of before back.
    ///
    /// The printing function belongs to the whole process, so the caller holds the lock on libbpf.
    static func capturing<Result>(_ body: () -> Result) -> Result {
        let before = unsafe libbpf_set_print { level, format, arguments in
            if level == LIBBPF_WARN { unsafe LibbpfLog.keep(format, arguments) }
            return 0
        }
        defer { _ = unsafe libbpf_set_print(before) }
        return body()
    }

    /// Forgets what was kept.
    static func clear() { warnings.withLock { $0.removeAll() } }

    /// Why the call that just failed did so, in one line: a warning since ``clear()``, or the error code in words.
    ///
    /// libbpf warns at the place of the failure first. Later warnings are of callers that give up, and the last says only
    /// that loading failed. Warnings of failures from which libbpf recovered precede it.
    static func reason(code: Int32) -> String {
        warnings.withLock { $0.first { !isRecovered($0) } } ?? words(for: code)
    }

    /// What libbpf says where it goes on after a failure.
    ///
    /// - Source: libbpf 1.1 to 1.6, `libbpf.c`
    private static let recoveries = [
        "Retrying without BTF", "BTF is optional", "ignoring", "Ignoring", "skipping", "Skipping", "skipped",
        "missing .BTF.ext", "falling back", "BTF loading error", "BTF LOAD LOG",
    ]

    /// True if libbpf went on after a warning.
    static func isRecovered(_ warning: String) -> Bool { recoveries.contains { warning.contains($0) } }

    /// An `errno`, or a code of libbpf's own, in words.
    static func words(for code: Int32) -> String {
        var line = [CChar](repeating: 0, count: 256)
        _ = unsafe libbpf_strerror(abs(code), &line, line.count)
        return String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Keeps a line; whether `arguments` is imported as an optional depends on the machine, and this takes both.
    private static func keep(_ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?) {
        guard let format = unsafe format, let arguments = unsafe arguments else { return }
        var buffer = [CChar](repeating: 0, count: 1024)
        _ = unsafe vsnprintf(&buffer, buffer.count, format, arguments)
        let line = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let prefix = "libbpf: "
        let text = line.hasPrefix(prefix) ? line.dropFirst(prefix.count) : line[...]
        let folded = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        // A few are enough to say why; an object that warns for ever must not fill the memory.
        warnings.withLock { if $0.count < 16 && !folded.isEmpty { $0.append(folded) } }
    }
}
