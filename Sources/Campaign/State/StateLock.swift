import Foundation
import SystemPackage
import UserFiles

/// The lock of a state folder. The kernel releases it when the process ends.
final class StateLock {
    /// The purpose of a lock. Reading does not create or change the lock file.
    enum Use { case writing, reading }

    /// The longest text of a lock file: a process number and a newline.
    ///
    /// - Units: bytes
    private static let longest = 21

    /// The lock file; `nil` for a folder without one that is only read.
    private let file: FileDescriptor?

    /// Locks a folder.
    ///
    /// - Throws: ``CampaignError`` with the process that holds the lock, or the reason why the folder cannot be used
    init(folder: String, for use: Use = .writing) throws(CampaignError) {
        let path = folder + "/lock"
        let type = try? FileType(of: path, followingLinks: false)
        if let type, type != .regular { throw Self.refusal(folder) }
        if type == nil && use == .reading {
            file = nil
            return
        }
        let file: FileDescriptor
        do throws(Errno) {
            // O_CLOEXEC: a worker that outlives its campaign must not keep the folder locked.
            file =
                use == .reading
                ? try .opening(path, .readOnly, .noFollow)
                : try .opening(path, .readWrite, [.create, .noFollow], permissions: FilePermissions(rawValue: 0o666))
        } catch {
            throw CampaignError("\(folder): the state of a campaign cannot be kept here: \(error.reason)")
        }
        self.file = file
        let holder = Self.holder(in: file)
        do throws(Errno) { try file.lock() } catch {
            let number = (holder ?? "").isEmpty ? "of an unknown number" : holder ?? ""
            throw CampaignError(
                error == .wouldBlock
                    ? "\(folder) is in use by process \(number); end that one first, or name another folder"
                    : "\(path): cannot be locked: \(error.reason)")
        }
        if holder == nil { throw Self.refusal(folder) }
        if use == .reading { return }
        // The number is only for the user. On a full disk it is missing, and the folder is locked nevertheless.
        try? file.setSize(0)
        _ = try? file.writeAll(toAbsoluteOffset: 0, "\(getpid())\n".utf8)
    }

    /// Returns true if another process holds the lock of a folder.
    static func isHeld(folder: String) -> Bool {
        guard let file = try? FileDescriptor.opening(folder + "/lock", .readOnly, .noFollow) else { return false }
        defer { file.end() }
        do throws(Errno) { try file.lock() } catch { return error == .wouldBlock }
        return false
    }

    private static func refusal(_ folder: String) -> CampaignError {
        CampaignError(
            "\(folder) contains lock, which does not belong to a campaign; name an empty folder, or a new one")
    }

    /// The process number in a lock file, which may be empty; `nil` if the file is not a lock.
    private static func holder(in file: FileDescriptor) -> String? {
        guard let text = try? file.readBytes(longest + 1, at: 0), text.count <= longest else { return nil }
        let digits = text.last == UInt8(ascii: "\n") ? text.dropLast() : text[...]
        let isNumber = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isNumber ? String(decoding: digits, as: UTF8.self) : nil
    }

    deinit { file?.end() }
}
