import Foundation
import UserFiles

/// The memory of all processes of a campaign.
enum CampaignMemory {
    /// The memory of this process and of those below it, without the pages of files, which they share.
    ///
    /// - Units: bytes
    /// - Complexity: O(processes) reads of `/proc`
    static var used: UInt64 { used(by: getpid(), depth: 4) }

    private static func used(by process: pid_t, depth: Int) -> UInt64 {
        let own = MemoryGauge(process: process).own
        if depth == 0 { return own }
        return ChildProcesses.children(of: process).reduce(own) { $0 + used(by: $1, depth: depth - 1) }
    }
}
