import Foundation
import UserFiles

/// Where a worker says what came of its work: what standard output was when it started.
///
/// Nothing that a patcher prints can get there.
struct WorkerOutput {
    private let descriptor: Int32

    /// Takes standard output over.
    ///
    /// - Throws: ``CampaignError`` when there are no more descriptors
    init() throws(CampaignError) {
        descriptor = Descriptor.duplicate(STDOUT_FILENO)
        guard descriptor >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            throw CampaignError("a worker has no output: \(SystemReason.text())")
        }
    }

    /// Writes bytes; without a reader there is nothing left to be done, and the process will be ended.
    ///
    /// - Returns: false when a patcher has closed the descriptor
    @discardableResult func write(_ bytes: [UInt8]) -> Bool {
        ForkServer.endCopy()
        return Output.put(bytes, descriptor) || errno != EBADF
    }

    /// Whether bytes can be written, as far as that is known without writing.
    var isOpen: Bool { fcntl(descriptor, F_GETFD) >= 0 }
}
