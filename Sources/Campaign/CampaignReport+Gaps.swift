extension CampaignReport {
    /// Why it is not known that all is well though nothing was found, each in a sentence: nothing was tried.
    public var gaps: [String] {
        if cases == 0 { return [Self.noCase] + lateOnes }
        return (neverRun ?? []).map { target in
            let isSpared = spared?[target] != nil
            return "\(target) \(Self.neverRunWords): "
                + (isSpared
                    ? "every pass demands what it does not claim to do"
                    : kernel == nil ? "no case got as far as that" : "it accepted none of the programs")
        } + lateOnes
    }

    /// What is said of a campaign that came to nothing.
    static let noCase = "no case was completed, so nothing is known; give the campaign more time or cases"
    /// What is said of a target that nothing is known of.
    static let neverRunWords = "was never run, so nothing is known of it"
    /// What is said of a target that may hang.
    static let doubtWords = "there was no time to try that again; run it longer"

    private var lateOnes: [String] {
        (doubts ?? []).map { "\($0.target) gave no answer at case \($0.index), and \(Self.doubtWords)" }
    }
}
