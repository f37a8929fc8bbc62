import SystemPackage
import UserFiles

/// The pipe to the campaign: a duplicate of the worker's standard output, which is redirected for patchers.
struct WorkerOutput {
    private let file: FileDescriptor

    /// Takes over standard output.
    ///
    /// - Throws: ``CampaignError`` if there are no more descriptors
    init() throws(CampaignError) {
        do throws(Errno) { file = try Output.takeStandardOutput() } catch {
            throw CampaignError("a worker has no output: \(error.reason)")
        }
    }

    /// Writes bytes. A missing reader is ignored: the campaign is gone, and this process is about to end.
    ///
    /// - Returns: false if a patcher has closed the descriptor
    @discardableResult func write(_ bytes: [UInt8]) -> Bool {
        ForkServer.endCopy()
        do throws(Errno) { try file.put(bytes) } catch { return error != .badFileDescriptor }
        return true
    }

    /// True if no patcher has closed the descriptor.
    var isOpen: Bool { file.isOpen }
}
