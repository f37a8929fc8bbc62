import Foundation
import UserFiles

/// The hold that one campaign has on a folder of state, which ends with its process, however that ends.
final class StateLock {
    /// What a folder is held for.
    enum Use { case writing, reading }

    /// The longest text of a lock: a number and a line end.
    ///
    /// - Units: bytes
    private static let longest = 21

    private let descriptor: Int32

    /// Takes hold of a folder.
    ///
    /// Nothing is changed for reading, and no file is opened that is not a lock.
    ///
    /// - Throws: ``CampaignError`` with the process that has it, or why the folder cannot be used
    init(folder: String, for use: Use = .writing) throws(CampaignError) {
        let path = folder + "/lock"
        let kind = FileKind(of: path, followingLinks: false)
        if let kind, kind != .file { throw Self.refusal(folder) }
        if kind == nil && use == .reading {
            // There is none, and this process must not make one.
            descriptor = -1
            return
        }
        // No other process may inherit it: a worker that outlives its campaign must not keep the folder.
        let mode = use == .reading ? O_RDONLY : O_RDWR | O_CREAT
        descriptor = unsafe open(path, mode | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else {
            throw CampaignError(
                "\(folder): the state of a campaign cannot be kept here: \(SystemReason.text())")
        }
        let holder = Self.holder(in: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let reason = SystemReason.text()
            let number = (holder ?? "").isEmpty ? "of an unknown number" : holder ?? ""
            throw CampaignError(
                isHeld
                    ? "\(folder) is in use by process \(number); end that one first, or name another folder"
                    : "\(path): cannot be locked: \(reason)")
        }
        if holder == nil { throw Self.refusal(folder) }
        if use == .reading { return }
        let text = "\(getpid())\n"
        // The number is for people; without room for it the lock still holds.
        ftruncate(descriptor, 0)
        _ = unsafe text.withCString { unsafe pwrite(descriptor, $0, text.utf8.count, 0) }
    }

    private static func refusal(_ folder: String) -> CampaignError {
        CampaignError("\(folder) holds lock, which is of no campaign; name an empty folder, or a new one")
    }

    /// The number in a lock, empty when there is none yet; `nil` when the file is no lock.
    private static func holder(in descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: longest + 1)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        guard (0...longest).contains(count) else { return nil }
        let text = bytes[..<count]
        let digits = text.last == UInt8(ascii: "\n") ? text.dropLast() : text
        let isNumber = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isNumber ? String(decoding: digits, as: UTF8.self) : nil
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
