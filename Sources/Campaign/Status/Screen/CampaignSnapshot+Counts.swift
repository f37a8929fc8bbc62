import KernelRewrites

extension CampaignSnapshot {
    /// Reads the counters of a campaign.
    ///
    /// - Parameters:
    ///   - cases: the number of counted cases
    ///   - targets: the names of the targets, by index
    ///   - isKernel: true for a campaign against a kernel
    /// - Complexity: O(targets), and O(combinations of rewrites) for a kernel
    mutating func read(_ counts: CampaignCounts, cases: UInt64, targets names: [String], isKernel: Bool) {
        targets = names.enumerated().map { number, name in
            let target = counts[number]
            return Target(name: name, ran: target.ran, skipped: target.skipped, deaths: target.deaths)
        }
        if isKernel {
            let kernel = counts.kernel
            refused = Share(part: kernel.loads - min(kernel.accepted, kernel.loads), all: kernel.loads, noun: "load")
            let entries = kernel.coverage.entries
            let rewrites = Rewrite.allCases.count { kernel.coverage.total($0) > 0 }
            let bordered = entries.count { $0.border != .none && $0.course != .none }
            coverage =
                "\(rewrites) of \(CountText.of(Rewrite.allCases.count, "rewrite")), "
                + "\(CountText.of(bordered, "combination")) with a border and a jump"
        } else {
            refused = Share(part: counts.refused, all: cases, noun: "case")
        }
    }
}
