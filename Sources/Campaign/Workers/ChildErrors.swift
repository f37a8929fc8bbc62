import Foundation
import SystemPackage
import UserFiles

/// Standard output and error of the children of a fork server. Patchers print there, some of them a line for each case.
struct ChildErrors {
    private let file: FileDescriptor?
    /// True if the output can be read again.
    private let isKept: Bool

    /// The most bytes read, from the end.
    private static let limit = 4096

    /// Opens the file for the output of children.
    ///
    /// - Parameter isKept: true to keep the output in an unnamed file, false to discard it
    init(isKept: Bool) {
        let unnamed = isKept ? try? FileDescriptor.openUnnamed(in: TemporaryFolder.path) : nil
        self.isKept = unnamed != nil
        file = unnamed ?? (try? .opening("/dev/null", .writeOnly))
    }

    /// Redirects standard output and error of this process, a child.
    func redirect() {
        guard let file, Output.keepErrors() else { return }
        _ = try? file.duplicate(as: .standardError)
        _ = try? file.duplicate(as: .standardOutput)
    }

    /// The output since the last call; `nil` if there is none.
    func take() -> String? {
        guard isKept, let file else { return nil }
        let length = (try? file.seek(offset: 0, from: .end)) ?? 0
        let bytes = (try? file.readBytes(Self.limit, at: max(0, length - Int64(Self.limit)))) ?? []
        try? file.setSize(0)
        if bytes.isEmpty { return nil }
        // Addresses differ from run to run.
        let text = String(decoding: bytes, as: UTF8.self).replacing(#/0x[0-9a-f]{6,}/#, with: "0x…")
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
