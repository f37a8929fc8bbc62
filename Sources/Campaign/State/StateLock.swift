import Foundation

/// The hold that one campaign has on a folder of state, which ends with its process, however that ends.
final class StateLock {
    private let descriptor: Int32

    /// Takes hold of a folder.
    ///
    /// - Throws: ``CampaignError`` with the process that has it, or why the folder cannot be used
    init(folder: String) throws(CampaignError) {
        let path = folder + "/lock"
        // No other process may inherit it: a worker that outlives its campaign must not keep the folder.
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw CampaignError(
                "\(folder): the state of a campaign cannot be kept here: \(unsafe String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let reason = unsafe String(cString: strerror(errno))
            let holder = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").first
            close(descriptor)
            throw CampaignError(
                isHeld
                    ? "\(folder) is in use by process \(holder ?? "of an unknown number"); end that one first, "
                        + "or name another folder"
                    : "\(path): cannot be locked: \(reason)")
        }
        let text = "\(getpid())\n"
        // The number is for people; without room for it the lock still holds.
        ftruncate(descriptor, 0)
        _ = unsafe text.withCString { unsafe pwrite(descriptor, $0, text.utf8.count, 0) }
    }

    deinit { close(descriptor) }
}
