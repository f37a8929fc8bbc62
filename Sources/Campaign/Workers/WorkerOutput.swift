import Foundation

/// Where a worker says what came of its work: what standard output was when it started.
///
/// Nothing that a patcher prints can get there.
struct WorkerOutput {
    private let descriptor: Int32

    /// Takes standard output over.
    ///
    /// - Parameter isSilent: whether what patchers print on standard output is thrown away, or goes to standard error
    /// - Throws: ``CampaignError`` when there are no more descriptors
    init(isSilent: Bool) throws(CampaignError) {
        descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10)
        let other = isSilent ? unsafe open("/dev/null", O_WRONLY | O_CLOEXEC) : STDERR_FILENO
        guard descriptor >= 0, other >= 0, dup2(other, STDOUT_FILENO) >= 0 else {
            throw CampaignError("a worker has no output: \(unsafe String(cString: strerror(errno)))")
        }
        if isSilent { close(other) }
    }

    /// Writes bytes; without a reader there is nothing left to be done, and the process will be ended.
    func write(_ bytes: [UInt8]) { _ = Output.put(bytes[...], descriptor) }
}
