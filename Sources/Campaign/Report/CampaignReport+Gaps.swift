extension CampaignReport {
    /// The gaps in the testing of a clean campaign, a sentence for each.
    package var gaps: [String] {
        let ends = hasLostWorkers == true ? [Self.lostWorkers] : []
        if cases == 0 && notRun == nil { return (ends.isEmpty ? [Self.noCase] : ends) + lateOnes }
        let idle = (neverRun ?? []).map { "\($0) \(Self.neverRunWords): \(idleReason($0))" }
        return ends + (unfinished ?? []) + idle + (results?.kernel?.gaps ?? []) + thinOnes + lateOnes
    }

    /// The reason why a target ran no case.
    private func idleReason(_ target: String) -> String {
        switch results {
        case .kernel: "it accepted none of the programs"
        case .patchers(let report) where report.skipped[target] != nil: Self.unsupportedWords
        case .patchers, nil: "all cases ended before its turn"
        }
    }

    /// The sentence for a campaign that completed no block.
    static let noCase = "no block of cases was completed, so nothing is known; allow the campaign more time"
    /// The sentence for a campaign whose workers ended before its cases did.
    static let lostWorkers = "workers ended before all cases were run; a patcher may have ended them"
    /// The words for a target that ran no case.
    static let neverRunWords = "was never run, so nothing is known of it"
    /// The words for a patcher that supports none of the passes.
    static let unsupportedWords = "it supports none of the passes"
    /// The words for a target that may hang.
    static let doubtWords = "there was no time to run it again; allow the campaign more time"

    /// A target that ran less than 1 / `leastShare` of all cases is reported.
    static let leastShare: UInt64 = 100
    /// The words for a target that ran too few cases.
    static let thinWords = "so little is known of it; fix its crashes and hangs, and run it again"

    private var thinOnes: [String] {
        let all = cases + (notRun ?? 0)
        return (deaths ?? []).compactMap { deaths in
            let ran = all - min(deaths.leftOut, all)
            if ran >= all / Self.leastShare { return nil }
            return
                "\(deaths.target) ran \(CountText.grouped(ran)) of \(CountText.of(all, "case")), \(Self.thinWords)"
        }
    }

    private var lateOnes: [String] {
        (doubts ?? []).map { "\($0.target) timed out at case \($0.index), and \(Self.doubtWords)" }
    }
}
