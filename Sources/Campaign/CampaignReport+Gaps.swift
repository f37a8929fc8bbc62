extension CampaignReport {
    /// Why it is not known that all is well though nothing was found, each in a sentence: nothing was tried.
    package var gaps: [String] {
        let ends = hasLostWorkers == true ? [Self.lostWorkers] : []
        if cases == 0 && notRun == nil { return (ends.isEmpty ? [Self.noCase] : ends) + lateOnes }
        let idle = (neverRun ?? []).map { target in
            let isSpared = spared?[target] != nil
            return "\(target) \(Self.neverRunWords): "
                + (isSpared
                    ? "every pass demands what it does not claim to do"
                    : kernel == nil ? "no case got as far as that" : "it accepted none of the programs")
        }
        return ends + (unfinished ?? []) + idle + thinOnes + lateOnes
    }

    /// What is said of a campaign that came to nothing.
    static let noCase = "no block of cases was completed, so nothing is known; give the campaign more time"
    /// What is said of a campaign whose workers ended before its cases did.
    static let lostWorkers = "workers ended before all cases were run; a patcher may have ended them"
    /// What is said of a target that nothing is known of.
    static let neverRunWords = "was never run, so nothing is known of it"
    /// What is said of a target that may hang.
    static let doubtWords = "there was no time to try that again; run it longer"

    /// Of how many cases one must be given to a target, so that something is known of it.
    static let leastShare: UInt64 = 100
    /// What is said of a target that hardly anything is known of.
    static let thinWords = "so little is known of it; mend what it dies of, and run it again"

    private var thinOnes: [String] {
        let all = cases + (notRun ?? 0)
        return (deaths ?? []).compactMap { deaths in
            let given = all - min(deaths.leftOut, all)
            if given >= all / Self.leastShare { return nil }
            return
                "\(deaths.target) was given \(CountText.grouped(given)) of \(CountText.of(all, "case")), \(Self.thinWords)"
        }
    }

    private var lateOnes: [String] {
        (doubts ?? []).map { "\($0.target) gave no answer at case \($0.index), and \(Self.doubtWords)" }
    }
}
