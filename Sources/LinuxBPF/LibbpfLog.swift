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

    /// Why the call that just failed did so, in one line: the first warning since ``clear()``, or the error code in words.
    ///
    /// libbpf warns at the place of the failure first; each later warning is a caller of it that gives up, and the last
    /// says no more than that loading failed.
    static func reason(code: Int32) -> String {
        warnings.withLock { $0.first } ?? words(for: code)
    }

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
