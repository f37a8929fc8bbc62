import Foundation
import UserFiles

/// Standard output and error of the children of a fork server, on which patchers say their last words, or a line for each of
/// a million cases.
struct ChildErrors {
    private let descriptor: Int32
    /// Whether what is written can be read again.
    private let isKept: Bool

    /// How much of it is read.
    ///
    /// - Units: bytes
    private static let limit = 4096

    /// Makes a place for what children write.
    ///
    /// - Parameter isKept: whether it is kept, in a file without a name, or thrown away
    init(isKept: Bool) {
        let file = isKept ? WholeFile.openNameless(in: TemporaryFolder.path) : -1
        self.isKept = file >= 0
        descriptor = file >= 0 ? file : unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    }

    /// Lets this process, a child, write there.
    func takeOver() {
        if descriptor < 0 { return }
        Output.keepErrors()
        dup2(descriptor, STDERR_FILENO)
        dup2(descriptor, STDOUT_FILENO)
    }

    /// What has been written since the last time; `nil` for nothing.
    func take() -> String? {
        guard isKept else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.limit)
        let length = lseek(descriptor, 0, SEEK_END)
        let count = unsafe pread(descriptor, &bytes, bytes.count, max(0, length - off_t(Self.limit)))
        ftruncate(descriptor, 0)
        if count <= 0 { return nil }
        // Addresses differ from run to run.
        let text = String(decoding: bytes[..<count], as: UTF8.self).replacing(#/0x[0-9a-f]{6,}/#, with: "0x…")
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
